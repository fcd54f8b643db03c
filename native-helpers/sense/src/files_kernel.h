/* Words of fanotify that the headers of older distributions lack; the kernel that runs decides what it knows. */
#ifndef SENSE_FILES_KERNEL_H
#define SENSE_FILES_KERNEL_H

#include <linux/fanotify.h>
#include <linux/stat.h>

#ifndef FAN_REPORT_TARGET_FID /* 5.17 */
#define FAN_REPORT_TARGET_FID 0x00001000
#endif
#ifndef FAN_RENAME /* 5.17 */
#define FAN_RENAME 0x10000000
#endif
#ifndef FAN_EVENT_INFO_TYPE_OLD_DFID_NAME /* 5.17 */
#define FAN_EVENT_INFO_TYPE_OLD_DFID_NAME 10
#endif
#ifndef FAN_EVENT_INFO_TYPE_NEW_DFID_NAME /* 5.17 */
#define FAN_EVENT_INFO_TYPE_NEW_DFID_NAME 12
#endif
#ifndef FAN_MARK_EVICTABLE /* 5.19 */
#define FAN_MARK_EVICTABLE 0x00000200
#endif
#ifndef STATX_MNT_ID /* 5.8 */
#define STATX_MNT_ID 0x00001000u
#endif

#endif
