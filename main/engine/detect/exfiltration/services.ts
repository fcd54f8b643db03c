/**
 * Services that take in what anybody sends them, by what that says. `drop`: without an account, for a link or a glance
 * by whoever knows where. `hidden`: with an account that says little, much used by thieves beside others. `cloud`:
 * what many people keep their files in.
 */
export type ServiceClass = 'drop' | 'hidden' | 'cloud';

const SERVICES: Readonly<Record<ServiceClass, string>> = {
  drop:
    'transfer.sh temp.sh file.io bashupload.com 0x0.st oshi.at anonfiles.com anonfile.com bayfiles.com gofile.io ' +
    'catbox.moe litterbox.catbox.moe uguu.se pixeldrain.com pomf.lain.la filebin.net tmpfiles.org keep.sh ' +
    'free.keep.sh send.vis.ee ufile.io sendspace.com zippyshare.com easyupload.io dropmefiles.com filetransfer.io ' +
    'put.re privatlab.com qaz.im termbin.com pastebin.com paste.ee pastes.io hastebin.com ghostbin.com ' +
    'privatebin.net dpaste.com dpaste.org paste.rs ix.io sprunge.us clbin.com controlc.com rentry.co webhook.site ' +
    'requestbin.com requestbin.net pipedream.net requestcatcher.com beeceptor.com hookbin.com interact.sh oast.pro ' +
    'oast.live oast.site oast.online oast.fun oast.me burpcollaborator.net oastify.com dnslog.cn ceye.io',
  hidden:
    'mega.nz mega.co.nz mega.io pcloud.com put.io mediafire.com 4shared.com rapidgator.net uploaded.net 1fichier.com ' +
    'krakenfiles.com workupload.com icedrive.net internxt.com filen.io api.telegram.org ngrok.io ngrok.app ngrok-free.app ' +
    'trycloudflare.com serveo.net localhost.run localtunnel.me loca.lt',
  cloud:
    'dropbox.com dropboxapi.com drive.google.com storage.googleapis.com onedrive.live.com storage.live.com 1drv.com ' +
    'box.com boxcloud.com wetransfer.com sync.com tresorit.com discord.com discordapp.com slack.com notion.so ' +
    'icloud-content.com terabox.com yandex.net disk.yandex.com cloud.mail.ru backblazeb2.com wasabisys.com ' +
    'blob.core.windows.net s3.amazonaws.com github.com gitlab.com gist.github.com',
};

const CLASS_OF = new Map<string, ServiceClass>();
for (const [name, domains] of Object.entries(SERVICES)) {
  for (const domain of domains.split(' ')) CLASS_OF.set(domain, name as ServiceClass);
}

export interface StorageService {
  /** As in the list: "transfer.sh". */
  readonly domain: string;
  readonly serviceClass: ServiceClass;
}

/** Deepest name of the list has four labels. */
const MAX_LABELS = 5;

/** The service that a host name belongs to: the name itself or a domain above it. */
export function serviceOfName(name: string): StorageService | undefined {
  let rest = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  // Only the last labels can be in the list.
  let dots = 0;
  for (let index = rest.length - 1; index >= 0; index--) {
    if (rest.charCodeAt(index) === 46 && ++dots === MAX_LABELS) {
      rest = rest.slice(index + 1);
      break;
    }
  }
  while (rest.includes('.')) {
    const serviceClass = CLASS_OF.get(rest);
    if (serviceClass !== undefined) return { domain: rest, serviceClass };
    rest = rest.slice(rest.indexOf('.') + 1);
  }
  return undefined;
}
