/** What is said about the way to the engine. */
export const link = {
  connecting: 'Looking for the engine…',
  noStatus: (why: string) => `The engine did not say how it is: ${why}`,
  barTitle: 'Nothing is known from the engine right now.',
  barSince: (age: string) => `(${age})`,
  startAgain: 'Start the engine again',
  tryAgain: 'Try again',
  lost: {
    message: 'The connection to the engine ended.',
    hint: 'Holdfast looks for it again by itself. What is shown is the last that was known.',
  },
  notReachable: {
    message: 'The engine does not answer.',
    hint: 'Holdfast keeps trying. If it stays so, look at the service: systemctl status holdfast.',
  },
  noSession: {
    message: 'This browser is not signed in to the console.',
    hint: 'Open the link that "holdfast serve" printed, or start it again for a new one.',
  },
  sessionEnded: {
    message: 'The engine was started again, and this browser is no longer signed in.',
    hint: 'Open the new link that "holdfast serve" printed, in this browser: this page then goes on by itself.',
  },
  otherVersion: {
    message: 'The engine speaks another version of the protocol than this page.',
    hint: 'Reload the page; if that does not help, install the same version of both.',
  },
  unreadable: {
    message: 'The engine gave an answer that cannot be read.',
    hint: 'Try again; if it stays so, report it.',
  },
  tooManyCalls: {
    message: 'This window has asked too much at once.',
    hint: 'Wait a moment and try again.',
  },
  cancelled: { message: 'This was given up before it was answered.', hint: 'Ask again if it is still wanted.' },
  tooLarge: { message: 'This is too large to send to the engine.', hint: 'Choose less and try again.' },
} as const;
