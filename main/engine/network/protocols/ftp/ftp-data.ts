import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { FileTransfer } from '../file/transfer.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT } from '../protocol.ts';

/** A data connection of FTP (RFC 959 3.2): told by what was said on the control connection, never by its bytes. */
export const ftpData: ProtocolDefinition = {
  id: 'ftp-data',
  transports: [PROTOCOL.tcp],
  ports: [20],
  isEndless: true,
  identify: () => VERDICT.no,
  parser: (context) => new DataParser(context),
};

class DataParser implements Parser {
  readonly #context: ParserContext;
  readonly #transfer: FileTransfer;
  #fromInitiator = true;
  #isWhole = true;
  #isTold = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#transfer = new FileTransfer({ wantsMd5: context.wantsMd5 });
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    if (this.#transfer.bytes === 0) this.#fromInitiator = fromInitiator;
    if (fromInitiator !== this.#fromInitiator || this.#isTold) return bytes.length;
    this.#transfer.take(bytes);
    if (this.#transfer.isFull) {
      this.#isWhole = false;
      this.end();
      this.#context.finish();
    }
    return bytes.length;
  }

  gap(): void {
    // Nothing behind the hole belongs to the bytes before it.
    this.#isWhole = false;
    this.end();
    this.#context.finish();
  }

  end(): void {
    // Without a name it is a listing of a folder.
    const name = this.#context.expectedFile?.name ?? '';
    if (this.#isTold || name === '') return;
    this.#isTold = true;
    const fact = this.#transfer.end({ protocol: 'ftp-data', name, claimedType: '' }, this.#isWhole);
    if (fact !== undefined) this.#context.tell(fact, this.#fromInitiator);
  }
}
