/** Signs of command and control. One row each; the points of all that are seen between two hosts are added up. */

interface SignRow {
  /** 1 and 2: ordinary by itself. From 3 on: rarely seen in ordinary software. */
  readonly points: number;
  /** Named so in the evidence. */
  readonly name: string;
  readonly usual?: string;
  readonly meaning: string;
}

export const SIGNS = {
  'raw-address': {
    points: 2,
    name: 'asked by address',
    usual: 'a name',
    meaning: 'Services on the internet are asked by name; controllers are often just an address.',
  },
  'local-address': {
    points: 1,
    name: 'asked by address',
    meaning: 'No name was used, as with devices of the own network.',
  },
  'odd-port': { points: 2, name: 'unusual port', meaning: 'This protocol is not usual at this port.' },
  'clear-web': {
    points: 3,
    name: 'clear text at a port for encryption',
    usual: 'TLS',
    meaning: 'Plain HTTP where every ordinary server encrypts: it is to pass firewalls.',
  },
  'token-cookie': {
    points: 3,
    name: 'cookie that no server has set',
    usual: 'none, or one that the server gave',
    meaning: 'A random value that carries who is calling.',
  },
  'long-token-cookie': {
    points: 5,
    name: 'long encrypted cookie that no server has set',
    usual: 'under 64 characters',
    meaning: 'It carries an encrypted description of the caller.',
  },
  'fake-browser': {
    points: 2,
    name: 'says it is a browser, and asks as none does',
    meaning: 'Browsers say which languages and encodings they take; this program copied only the name.',
  },
  'script-agent': { points: 1, name: 'asked by a script or tool', meaning: 'No person and no browser asked.' },
  'checksum-path': {
    points: 3,
    name: 'path with a checksum of stagers',
    meaning:
      'The letters of the path add up to a number by which attack frameworks know their stagers; one path in 37 does by chance.',
  },
  'random-post': { points: 2, name: 'data sent to a random path', meaning: 'Nobody chose such a name for people.' },
  'random-path': { points: 1, name: 'random path', meaning: 'Nobody chose such a name for people.' },
  'encoded-post': {
    points: 3,
    name: 'encoded data sent',
    meaning: 'All that was sent is one long encoded value, by a program that is no browser.',
  },
  'encoded-query': {
    points: 3,
    name: 'encoded data in the address',
    meaning: 'A program that is no browser sends one long encoded value in what it asks for.',
  },
  'opaque-post': {
    points: 3,
    name: 'encrypted data sent under a wrong name',
    meaning: 'What was sent is not what it was said to be: it cannot be read.',
  },
  'opaque-octets': { points: 1, name: 'encrypted data sent', meaning: 'It cannot be read.' },
  'disguised-answer': {
    points: 4,
    name: 'encrypted answer that claims to be text',
    usual: 'text',
    meaning: 'The server said that this is a page or text; it is not.',
  },
  'encoded-answer': {
    points: 3,
    name: 'encoded answer that claims to be a page or text',
    usual: 'text',
    meaning: 'The whole answer is one long encoded value.',
  },
  'web-stage': {
    points: 2,
    name: 'large unreadable file for a bare request',
    meaning: 'A stager loads the rest of a program like this.',
  },
  'host-report': {
    points: 5,
    name: 'description of the computer sent',
    meaning: 'The caller says who and where it is: account, system, process. Implants introduce themselves so.',
  },
  'orders-in-answer': {
    points: 4,
    name: 'tasks in the answer',
    meaning: 'The answer tells the caller what to do and how long to sleep.',
  },
  'several-servers': {
    points: 3,
    name: 'the same sent to several servers',
    meaning: 'The caller tries one server after another, as programs with a list of controllers do.',
  },
  'steady-calls': { points: 2, name: 'calls at a steady pace', meaning: 'A timer calls, not a person.' },
  'raw-stage': {
    points: 8,
    name: 'program loaded over a bare connection',
    usual: 'never',
    meaning:
      'The called end sent a length and exactly so many bytes of binary data: this is how the stage of an implant is loaded into memory.',
  },
  'raw-program': {
    points: 4,
    name: 'machine program in it',
    usual: 'never',
    meaning: 'What was loaded begins like a program of Windows or Linux.',
  },
  'key-exchange': {
    points: 4,
    name: 'random blocks of 256 bytes exchanged',
    meaning: 'A family of remote-control programs (Poison Ivy) begins so: a challenge and its answer.',
  },
  'hexadecimal-talk': {
    points: 4,
    name: 'both sides speak in hexadecimal',
    meaning: 'Home-made encryption as text, as remote-control programs (DarkComet) use it.',
  },
  'called-first': {
    points: 1,
    name: 'the called end speaks first',
    meaning: 'Usually the caller asks; here it waits for orders.',
  },
  'tagged-order': {
    points: 2,
    name: 'short commands by name',
    meaning: 'The called end says a word in capitals, and the caller acts on it.',
  },
  separators: {
    points: 4,
    name: 'peculiar separators',
    meaning: 'Fields are kept apart by a row of signs that home-made remote-control programs use.',
  },
  'separated-orders': {
    points: 3,
    name: 'orders by name with the same separators',
    usual: 'never',
    meaning: 'The called end says a word, and both ends keep what follows apart by the same peculiar row of signs.',
  },
  'packed-frames': {
    points: 5,
    name: 'home-made frames with packed content',
    meaning: 'A magic word, two lengths and packed data: a known family of remote-control programs speaks so.',
  },
  'raw-keepalive': {
    points: 2,
    name: 'the same small message again and again',
    meaning: 'It keeps the line open for orders.',
  },
  'picture-sent': {
    points: 4,
    name: 'picture sent in no known protocol',
    meaning: 'Remote-control programs send pictures of the screen like this.',
  },
  'several-connections': { points: 1, name: 'several connections at once', meaning: 'One for orders, one for data.' },
  'no-server-name': {
    points: 1,
    name: 'encrypted without a server name',
    meaning: 'Browsers and updates say whom they want.',
  },
  'self-signed': {
    points: 2,
    name: 'certificate signed by itself',
    meaning: 'Nobody vouches for the server.',
  },
  'random-certificate': {
    points: 3,
    name: 'certificate with a made-up name',
    meaning: 'The name is random letters: a tool made it.',
  },
  'borrowed-certificate': {
    points: 6,
    name: 'self-signed certificate in the name of a well-known company',
    meaning: 'The company itself does not sign so.',
  },
  'placeholder-certificate': {
    points: 3,
    name: 'certificate with placeholders',
    meaning: 'Who made it left in what the tool proposes, such as “Some-State”.',
  },
  'calls-again': {
    points: 3,
    name: 'calls an unnamed server again',
    meaning: 'Encrypted calls to a bare address outside that vouches for itself, more than once.',
  },
  'tool-certificate': {
    points: 10,
    name: 'certificate of a remote-control tool',
    meaning: 'The tool puts this name in when nobody changes it.',
  },
  'young-certificate': { points: 1, name: 'certificate made within the last days', meaning: 'The server is new.' },
  'bare-certificate': { points: 1, name: 'certificate with hardly anything in it', meaning: 'Made by a tool.' },
} as const satisfies Readonly<Record<string, SignRow>>;

export type SignId = keyof typeof SIGNS;
export const signRow = (id: SignId): SignRow => SIGNS[id];

/** From so many points on a sign speaks for itself: without one of these the small ones say nothing. */
export const TELLING_POINTS = 3;
