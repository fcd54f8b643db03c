/** How a capture is cut for its way to the engine. Nothing heavy here: the renderer cuts with it. */

/** Bytes of a piece before base64; the message with it stays below MAX_MESSAGE_BYTES. */
export const CAPTURE_PIECE_BYTES = 512 * 1024;

/** What was learnt is sent in pieces of the same size. */
export const PROFILE_PIECE_BYTES = CAPTURE_PIECE_BYTES;
