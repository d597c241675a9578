// The files that browsers load: the script, the styles and the icon of the pages. The build puts the first two into the program.
import { createHash } from 'node:crypto';
import type { Reply } from './http-server.ts';

/** Set by the build, as JSON; without a build, the pages have neither script nor styles. */
declare const WEB_FILES: string | undefined;

const FILES: Readonly<Record<string, string>> =
  typeof WEB_FILES === 'undefined' ? {} : (JSON.parse(WEB_FILES) as Readonly<Record<string, string>>);

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2f6f9f"/><path d="M3 11h4V7h4V4h2v5H9v4H3z" fill="#fff"/></svg>';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Changes whenever a file changes. */
export const ASSETS_MARK = createHash('sha256').update(JSON.stringify(FILES)).digest('hex').slice(0, 12);

export function assetReply(path: string): Reply | undefined {
  // Browsers ask for the second where a page names no icon.
  const name = path === '/favicon.ico' ? 'icon.svg' : path.slice(1);
  const body = name === 'icon.svg' ? ICON : Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  if (body === undefined || type === undefined) return undefined;
  return { status: 200, type, body, headers: { 'Cache-Control': 'private, max-age=31536000, immutable' } };
}
