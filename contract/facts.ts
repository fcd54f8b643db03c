/**
 * What parsers of application protocols say about a conversation: facts, one small object each, in the order in which
 * they were seen. Detectors, the store and the app read them; goldens compare them field by field. Types only.
 *
 * All texts come from the wire and are an attacker's: bounded here (MAX_FACT_TEXT unless said otherwise), made safe to
 * look at (text.ts) where they are shown. Hashes are lower-case hexadecimal. Times are microseconds since the epoch.
 */

/** Application protocols, told by their bytes. A name is a promise: names are added, never changed. */
export const PROTOCOL_IDS = [
  'dns',
  'mdns',
  'llmnr',
  'netbios-ns',
  'tls',
  'dtls',
  'quic',
  'http',
  'http2',
  'websocket',
  'ssh',
  'ftp',
  'ftp-data',
  'smtp',
  'pop3',
  'imap',
  'telnet',
  'smb',
  'rdp',
  'kerberos',
  'ldap',
  'dhcp',
  'dhcpv6',
  'ntp',
  'snmp',
  'sip',
  'rtsp',
  'mqtt',
  'mysql',
  'postgresql',
  'mssql',
  'oracle',
  'redis',
  'mongodb',
  'wireguard',
  'openvpn',
  'bittorrent',
  'tor',
  'stratum',
  'vnc',
  'teamviewer',
  'anydesk',
  'icmp',
  'ssdp',
  'stun',
  'socks',
  'irc',
  'rpc',
  'winrm',
  'syslog',
  'tftp',
  'ipsec',
  'adb',
  'xmpp',
] as const;
export type ProtocolId = (typeof PROTOCOL_IDS)[number];

/** Longest text of a fact, in UTF-16 units; URIs may have MAX_URI_TEXT. */
export const MAX_FACT_TEXT = 512;
export const MAX_URI_TEXT = 4_096;
/** Longest list of a fact: answers, names, ciphers. */
export const MAX_FACT_LIST = 128;

interface FactBase {
  readonly timeUs: number;
  /** Who sent what the fact speaks of. */
  readonly fromInitiator: boolean;
}

/**
 * The flow speaks this protocol; said once, when its bytes have told. Others may follow: what it goes on in, and what is
 * told inside it (`winrm` in HTTP, `tor` and `anydesk` in TLS).
 */
export interface ProtocolFact extends FactBase {
  readonly type: 'protocol';
  readonly protocol: ProtocolId;
  /**
   * Whether the responder's port is one where this protocol is usual, or that of an initiator who may be answering. True
   * for what another protocol goes on in (STARTTLS, CONNECT, Upgrade), and for what one announced: the port is that
   * one's. True where there are no ports.
   */
  readonly isUsualPort: boolean;
}

/** A parser met bytes that the protocol does not allow, and gave up. */
export interface BrokenFact extends FactBase {
  readonly type: 'broken';
  readonly protocol: ProtocolId;
  /** Stable, dashed: "bad-length". */
  readonly reason: string;
}

export interface DnsAnswer {
  readonly name: string;
  /** "A", "AAAA", "CNAME", "TXT", …, or "TYPE65280". */
  readonly type: string;
  readonly ttl: number;
  /** Address, name or text as the type has it; raw bytes of others as hexadecimal. */
  readonly data: string;
}

/** One DNS message (RFC 1035), also mDNS (6762), LLMNR (4795) and NetBIOS names (1002). */
export interface DnsFact extends FactBase {
  readonly type: 'dns';
  readonly protocol: 'dns' | 'mdns' | 'llmnr' | 'netbios-ns';
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  /** "NOERROR", "NXDOMAIN", … or "RCODE15". */
  readonly responseCode: string;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** `type` is empty and `class` 0 where the message is damaged behind the name. */
  readonly questions: readonly { readonly name: string; readonly type: string; readonly class: number }[];
  readonly answers: readonly DnsAnswer[];
  readonly authorities: readonly DnsAnswer[];
  readonly additionals: readonly DnsAnswer[];
  /** Of the message. */
  readonly bytes: number;
}

/** A ClientHello, of TLS, DTLS or inside QUIC. */
export interface TlsClientFact extends FactBase {
  readonly type: 'tls-client';
  readonly protocol: 'tls' | 'dtls' | 'quic';
  /** The highest version that is offered, as on the wire: 0x0303, 0x0304. */
  readonly version: number;
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  /** MD5 of the JA3 string (Salesforce, BSD-3). */
  readonly ja3: string;
  /** At most MAX_URI_TEXT; the fingerprint is of all of it. */
  readonly ja3Text: string;
  /** JA4 of a TLS client (FoxIO, BSD-3). */
  readonly ja4: string;
  readonly sessionId: string;
}

export interface TlsServerFact extends FactBase {
  readonly type: 'tls-server';
  readonly protocol: 'tls' | 'dtls' | 'quic';
  /** The version that was chosen (supported_versions counts). */
  readonly version: number;
  readonly cipher: number;
  readonly alpn: string;
  readonly ja3s: string;
  readonly sessionId: string;
  /** It asks the client for another hello instead (RFC 8446 4.1.4). */
  readonly isRetryRequest: boolean;
}

/** One certificate (RFC 5280) of a chain. */
export interface CertificateFact extends FactBase {
  readonly type: 'certificate';
  /** 0: the peer's own. */
  readonly position: number;
  /** RFC 4514: "CN=example.org,O=Example". */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string;
  readonly issuerCommonName: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** DNS names and addresses of subjectAltName. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly sha1: string;
  readonly sha256: string;
  /** Subject and issuer are the same name; the signature is not checked. */
  readonly isSelfSigned: boolean;
}

export interface TlsAlertFact extends FactBase {
  readonly type: 'tls-alert';
  readonly level: number;
  readonly description: number;
}

/**
 * A heartbeat (RFC 6520): a request whose `claimedBytes` is more than its record holds beside 3 bytes of header and 16
 * of padding is Heartbleed (CVE-2014-0160). Of an encrypted one nobody sees the claim (−1); there a response that is
 * longer than its request is what gives it away.
 */
export interface TlsHeartbeatFact extends FactBase {
  readonly type: 'tls-heartbeat';
  /** Of an encrypted one: whether the other side had none that was not answered yet. */
  readonly isRequest: boolean;
  readonly claimedBytes: number;
  /** Content of the record: type, claim, payload and padding. */
  readonly recordBytes: number;
  readonly isEncrypted: boolean;
}

export interface QuicFact extends FactBase {
  readonly type: 'quic';
  /**
   * As on the wire: 1, 0x6b3343cf, "Q043" as 0x51303433, "1QTV" (Facebook's over TCP) as 0x31515456; 0 for a version
   * negotiation whose client was not seen.
   */
  readonly version: number;
  /** That Google's clients tell; empty elsewhere. */
  readonly userAgent: string;
  /** Of Google's older QUIC, whose hello is not one of TLS; empty elsewhere. */
  readonly serverName: string;
}

export interface HttpRequestFact extends FactBase {
  readonly type: 'http-request';
  readonly protocol: 'http' | 'http2';
  /** Counts the requests of a connection, from 0. */
  readonly index: number;
  readonly method: string;
  /** Of the Host header or :authority, without the port. */
  readonly host: string;
  /** Of the same; -1 where it is not said. */
  readonly hostPort: number;
  readonly uri: string;
  readonly version: string;
  readonly userAgent: string;
  readonly referrer: string;
  readonly contentType: string;
  /** -1 where it is not said. */
  readonly contentLength: number;
  /** User of Basic, Digest or form login; empty without one. */
  readonly user: string;
  /** "basic", "digest", "ntlm", "bearer", "negotiate"; empty without one. */
  readonly authorization: string;
  /**
   * What the value of its only cookie is made of, with its length: "base64:28", "hex:32"; the value itself is a secret.
   * Left out with several cookies, with none, and for anything else.
   */
  readonly cookieShape?: string;
  /** All names in order, lower case, with the values that detectors look into, each bounded. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The beginning of the body, Latin-1. */
  readonly bodyStart: string;
}

export interface HttpResponseFact extends FactBase {
  readonly type: 'http-response';
  readonly protocol: 'http' | 'http2';
  readonly index: number;
  readonly status: number;
  readonly reason: string;
  readonly server: string;
  readonly contentType: string;
  readonly contentLength: number;
  readonly location: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyStart: string;
}

/** A file that was transferred, over HTTP, FTP data, SMTP or SMB. */
export interface FileFact extends FactBase {
  readonly type: 'file';
  readonly protocol: ProtocolId;
  readonly name: string;
  /** By its first bytes: "elf", "pe", "script", "zip", "gzip", "pdf", "html", "image", …; "unknown". */
  readonly kind: string;
  /** What the sender said it is. */
  readonly claimedType: string;
  /** Bytes seen; `isWhole` says whether that is all of it. */
  readonly bytes: number;
  readonly isWhole: boolean;
  /** Of the bytes seen, up to the bound of the settings. */
  readonly sha256: string;
  /** Empty where nobody wants it; see TrafficInterest. */
  readonly md5: string;
}

export interface SshFact extends FactBase {
  readonly type: 'ssh';
  readonly event: 'banner' | 'key-exchange';
  /** "SSH-2.0-OpenSSH_9.2p1"; empty for a key exchange. */
  readonly software: string;
  /** HASSH or, from the responder, HASSHServer (Salesforce, BSD-3); empty for a banner. */
  readonly hassh: string;
  readonly hasshText: string;
}

/** Somebody tried to log in, or did. */
export interface LoginFact extends FactBase {
  readonly type: 'login';
  readonly protocol: ProtocolId;
  readonly user: string;
  /** "DOMAIN", workstation: where the protocol says so. */
  readonly domain: string;
  readonly host: string;
  readonly outcome: 'attempt' | 'success' | 'failure';
  /** Whether the secret itself could be read by an onlooker. It is never kept. */
  readonly isCleartext: boolean;
  /** "password", "public-key", "ntlm", "sasl-plain", …; empty where it is not known. */
  readonly method: string;
}

/** One ICMP or ICMPv6 message with a payload: echo, redirect, router advertisement, … The first of a flow, then samples. */
export interface IcmpFact extends FactBase {
  readonly type: 'icmp';
  readonly version: 4 | 6;
  readonly messageType: number;
  readonly code: number;
  /** Of echo and its like; 0 for others. */
  readonly id: number;
  readonly sequence: number;
  /** Behind the eight bytes of the header. */
  readonly payloadBytes: number;
  /** Shannon entropy of the beginning of the payload, in bits per byte. */
  readonly entropy: number;
  /** Beginning of the payload, hexadecimal: 32 bytes at the most. */
  readonly payloadStart: string;
}

/** One message of DHCP (RFC 2131) or DHCPv6 (RFC 8415). Texts are empty and lists too where it does not say. */
export interface DhcpFact extends FactBase {
  readonly type: 'dhcp';
  readonly protocol: 'dhcp' | 'dhcpv6';
  /** "discover", "offer", "request", "ack", …; "solicit", "advertise", …; "bootp" without a type. */
  readonly messageType: string;
  readonly transactionId: number;
  /** "00:0b:82:01:fc:42" */
  readonly clientMac: string;
  /** Client identifier or DUID, hexadecimal. */
  readonly clientId: string;
  readonly hostname: string;
  readonly vendorClass: string;
  /** Numbers of the options that are asked for, in order: "1,3,6,15". It tells systems apart. */
  readonly fingerprint: string;
  readonly requestedAddress: string;
  readonly assignedAddress: string;
  /** Server identifier: an address, or a DUID in hexadecimal. */
  readonly server: string;
  readonly relay: string;
  readonly routers: readonly string[];
  readonly nameServers: readonly string[];
  readonly domain: string;
  /** URL of option 252, boot file, or route of option 121: what a rogue server leads astray with. */
  readonly proxyUrl: string;
  readonly bootFile: string;
  readonly routes: readonly string[];
  /** −1 where it is not said. */
  readonly leaseSeconds: number;
}

/** One message of NTP (RFC 5905), of the first ones of a flow. */
export interface NtpFact extends FactBase {
  readonly type: 'ntp';
  readonly version: number;
  /** 3 client, 4 server, 6 control, 7 private (monlist is 7 with request 42). */
  readonly mode: number;
  readonly stratum: number;
  /** "GPS", or the address of the server above. Empty for a client. */
  readonly referenceId: string;
  /** Request number of mode 6 and 7; −1 for others. */
  readonly request: number;
  readonly bytes: number;
}

/** One command of a text or request protocol (FTP, SMTP, POP3, IMAP, Redis, SIP, SMB, MySQL, …) with its answer. */
export interface CommandFact extends FactBase {
  readonly type: 'command';
  readonly protocol: ProtocolId;
  readonly command: string;
  readonly argument: string;
  /**
   * Status of the answer where there is one: 230, 535; -1 where it is not known. Of protocols without numbers (POP3,
   * IMAP) 1 is fine and 0 is not.
   */
  readonly status: number;
}

/** A name or property that a peer says of itself: "hostname", "software", "vendor-class", "share", "cookie", … */
export interface PropertyFact extends FactBase {
  readonly type: 'property';
  readonly protocol: ProtocolId;
  readonly name: string;
  readonly value: string;
}

export type Fact =
  | ProtocolFact
  | BrokenFact
  | DnsFact
  | TlsClientFact
  | TlsServerFact
  | CertificateFact
  | TlsAlertFact
  | TlsHeartbeatFact
  | QuicFact
  | HttpRequestFact
  | HttpResponseFact
  | FileFact
  | SshFact
  | LoginFact
  | CommandFact
  | IcmpFact
  | DhcpFact
  | NtpFact
  | PropertyFact;
