import type { Sighting } from './sighting.ts';

const LOCAL_SCHEMES = ['file:', 'php:', 'expect:', 'gopher:', 'jar:', 'netdoc:', 'dict:', 'ftp:'];
const MAX_ENTITIES = 8;

/**
 * Entities of an XML document (XML 1.0, 4.2.2) that are to be loaded from elsewhere. A document type that stands
 * elsewhere is ordinary; an entity is not.
 *
 * @param text in lower case
 */
export function findExternalEntity(text: string): Sighting | undefined {
  let at = text.indexOf('<!entity');
  for (let count = 0; at >= 0 && count < MAX_ENTITIES; count++) {
    const end = text.indexOf('>', at);
    const declaration = text.slice(at, end < 0 ? at + 512 : end);
    const system = Math.max(declaration.indexOf('system'), declaration.indexOf('public'));
    if (system > 0) {
      const address = declaration.slice(system);
      const isLocal =
        LOCAL_SCHEMES.some((scheme) => address.includes(scheme)) || address.includes('"/') || address.includes("'/");
      if (isLocal) return sighting('sure', 'loads a file of the server');
      if (address.includes('://')) return sighting('sure', 'makes the server load an address');
    }
    at = text.indexOf('<!entity', at + 8);
  }
  const include = text.indexOf('xi:include');
  if (include >= 0 && text.startsWith('file:', text.indexOf('href=', include) + 6))
    return sighting('sure', 'loads a file of the server');
  return undefined;
}

function sighting(certainty: Sighting['certainty'], aim: string): Sighting {
  return { attack: 'external-entity', certainty, aim };
}
