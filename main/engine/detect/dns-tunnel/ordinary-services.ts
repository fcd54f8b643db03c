/**
 * Services whose host names are hashes or whose look-ups carry data on purpose: delivery networks and clouds that give
 * each customer or server a made-up name, and security products that ask their maker about a file, a site or a sender.
 * Whoever wants to hide a tunnel below one of these domains must own it, or be the server that is asked; so data in
 * names below them counts for less, and what only tunnels do counts in full.
 */
const ORDINARY_SERVICES = new Set(
  [
    // Delivery networks and clouds.
    'akadns.net akamai.net akamaiedge.net akamaihd.net akamaized.net akamaitechnologies.com edgekey.net edgesuite.net',
    'amazonaws.com awsglobalaccelerator.com cloudfront.net elasticbeanstalk.com azure.com azure.net azureedge.net',
    'azurefd.net azurewebsites.net cloudapp.net windows.net trafficmanager.net msedge.net office.com',
    'office.net sharepoint.com live.com microsoft.com windowsupdate.com cloudflare.com cloudflare.net cdn77.org',
    'b-cdn.net fastly.net fastlylb.net googleapis.com googleusercontent.com googlevideo.com gvt1.com gvt2.com',
    'gstatic.com 1e100.net ggpht.com appspot.com run.app web.app firebaseio.com fbcdn.net facebook.com icloud.com',
    'apple.com aaplimg.com apple-dns.net nflxvideo.net nflxso.net steamcontent.com herokuapp.com herokudns.com',
    'vercel-dns.com netlify.com myshopify.com alicdn.com aliyuncs.com myqcloud.com tbcache.com llnwd.net limelight.com',
    'omtrdc.net demdex.net doubleclick.net 2mdn.net adsafeprotected.com imrworldwide.com windows.com skype.com',
    // Security products.
    'mcafee.com trellix.com sophosxl.net sophos.com e5.sk eset.com kaspersky.com kaspersky-labs.com trendmicro.com',
    'trendmicro.de symantec.com norton.com bitdefender.com bitdefender.net avast.com avcdn.net avg.com avira.com',
    'f-secure.com fsecure.com webroot.com brightcloud.com malwarebytes.com panda.com pandasecurity.com opendns.com',
    'umbrella.com barracuda.com barracudabrts.com fortinet.net fortiguard.net cymru.com team-cymru.org sentinelone.net',
    // Block lists of mail senders and links.
    'spamhaus.org spamhaus.net spamcop.net sorbs.net surbl.org uribl.com uceprotect.net msbl.org barracudacentral.org',
    'mailspike.net mailspike.org dnswl.org invaluement.com spameatingmonkey.net manitu.net rspamd.com abuseat.org',
    'senderscore.com senderbase.org njabl.org backscatterer.org 0spam.org dnsbl.im',
  ]
    .join(' ')
    .split(' '),
);

/** Whether a registered domain is one of them, or one of the owner's own list. */
export function isOrdinaryService(domain: string, name: string, own: readonly string[]): boolean {
  if (ORDINARY_SERVICES.has(domain)) return true;
  return own.some((entry) => name === entry || name.endsWith(`.${entry}`));
}

/** Labels that say that a domain is a list to look things up in: "dnsbl", "hashbl", "uribl", "rbl", "dbl". */
export function isNamedBlockList(name: string): boolean {
  return name
    .split('.', 40)
    .some((label) => label.length <= 12 && (label.endsWith('bl') || label.endsWith('wl') || label.startsWith('bl-')));
}
