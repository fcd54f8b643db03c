/** What looking into conversations may cost. */
export interface InspectionLimits {
  /** How much of each direction is read for its protocol; bodies that are of no interest do not count. */
  readonly bytesPerSide: number;
  /**
   * Conversations read at once, a quarter of them without connections (UDP, ICMP); when more are open, the oldest is no
   * longer followed and is counted.
   */
  readonly maxConversations: number;
  /**
   * Bytes that arrived out of order or are not yet a whole message, for all conversations together; one that would need
   * more is no longer followed and is counted.
   */
  readonly maxHeldBytes: number;
}

/**
 * 64 kB hold every handshake, login and certificate chain, and the beginning of what is transferred. Most conversations
 * are read to their end within a second, at about 2 kB each.
 */
export const INSPECTION_LIMITS: InspectionLimits = {
  bytesPerSide: 64 * 1_024,
  maxConversations: 32_768,
  maxHeldBytes: 64 * 1_024 * 1_024,
};
