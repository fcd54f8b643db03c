/* Asking the audit system over netlink: its state and its rules. Takes CAP_AUDIT_CONTROL. */
#ifndef SENSE_AUDIT_CONTROL_H
#define SENSE_AUDIT_CONTROL_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_AUDIT_MESSAGE_BYTES 9216u

/* A socket for questions; -1 with errno. */
int audit_control_open(void);

/* Sends a message; replies are not waited for. */
bool audit_control_send(int control, uint16_t type, uint16_t flags, const void *payload, size_t bytes);

/* Sends a message and waits for the kernel's yes or no. False with errno. */
bool audit_control_order(int control, uint16_t type, const void *payload, size_t bytes);

/* False with errno; ETIMEDOUT where no answer came. */
bool audit_control_status(int control, struct audit_status *status);

/* Hands every rule to `take`, at most MAX_AUDIT_RULES. False with errno. */
bool audit_control_rules(int control, void (*take)(void *, const struct audit_rule_data *, size_t), void *context);

#define MAX_AUDIT_RULES 4096u

#endif
