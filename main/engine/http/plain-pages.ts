/** Pages without script or style, for where the console itself cannot be shown. */

/** @param paragraphs constant text of ours */
function page(title: string, paragraphs: readonly string[], head = ''): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    head,
    `<title>${title}</title>`,
    '</head>',
    '<body>',
    `<h1>${title}</h1>`,
    ...paragraphs.map((text) => `<p>${text}</p>`),
    '</body>',
    '</html>',
    '',
  ]
    .filter((line, index, all) => line !== '' || index === all.length - 1)
    .join('\n');
}

export const SIGNED_OUT_PAGE = page('Holdfast', [
  'This browser is not signed in, or its session has ended.',
  'Open the link that <code>holdfast serve</code> prints in its terminal. For a fresh link, press Enter there.',
  'Where the engine itself serves the console, <code>holdfast serve --link</code> prints one.',
]);

export const WRONG_LINK_PAGE = page('This link does not work any more', [
  'A link lets one browser in, once, within ten minutes.',
  'For a fresh link, press Enter in the terminal of <code>holdfast serve</code>.',
]);

export const NOT_BUILT_PAGE = page('The console is not built yet', [
  'Build it with <code>node scripts/build.mjs renderer</code>, then load this page again.',
  'The interface for programs works without it: see <a href="/api/docs">its description</a>.',
]);

/**
 * Goes on to the console by itself. A redirect would not do where the link was opened from another page: the browser
 * would take it for that page's request, and leave out the cookie that it was just given.
 */
export const ENTERED_PAGE = page(
  'Holdfast',
  ['You are signed in. <a href="/">Open the console</a>'],
  '<meta http-equiv="refresh" content="0; url=/">',
);

export const NO_DOCS_PAGE = page('The interface for programs', [
  'The viewer is not installed here. The description itself is at <a href="/api/openapi.json">/api/openapi.json</a> (OpenAPI 3.1).',
]);

/** The viewer of the description; its script and styles are files of their own (CSP). */
export const DOCS_PAGE = [
  '<!doctype html>',
  '<html lang="en">',
  '<head>',
  '<meta charset="utf-8">',
  '<meta name="viewport" content="width=device-width, initial-scale=1">',
  '<title>Holdfast: interface for programs</title>',
  '<link rel="icon" href="data:,">',
  '<link rel="stylesheet" href="/api/docs/swagger-ui.css">',
  '</head>',
  '<body>',
  '<div id="swagger-ui"></div>',
  '<script src="/api/docs/swagger-ui-bundle.js"></script>',
  '<script src="/api/docs/start.js"></script>',
  '</body>',
  '</html>',
  '',
].join('\n');

export const DOCS_SCRIPT = `window.addEventListener('load', () => {
  window.SwaggerUIBundle({
    url: '/api/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    persistAuthorization: false,
  });
});
`;
