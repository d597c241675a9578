// Explains an `api_server` that is not a ClearML API, usually the URL of the web page. Pure.
import { isHtml } from './classify-response.ts';

export interface WrongReply {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** The fault of the URL, and what to write instead. */
export function formatWrongAddress(apiServer: string, endpoint: string, reply: WrongReply): string {
  if (reply.location !== undefined && reply.status >= 300 && reply.status < 400) {
    return `${apiServer} redirects to ${parseTarget(apiServer, endpoint, reply.location)}: set api.api_server to that URL`;
  }
  if (isHtml(reply.text)) {
    return (
      `${apiServer} responds with a web page (${reply.status}), so it is not the URL of ClearML's API: ` +
      `set api.api_server to ${suggestApiServer(apiServer)}`
    );
  }
  return `${apiServer} does not respond as ClearML's API (${reply.status}); check api.api_server, and the proxy if there is one`;
}

/** ClearML's defaults: web page on port 8080 or app.…, API on port 8008 or api.…. */
function suggestApiServer(apiServer: string): string {
  const url = new URL(apiServer);
  if (url.port === '8080') {
    url.port = '8008';
    return url.origin;
  }
  if (url.hostname.startsWith('app.')) {
    url.hostname = url.hostname.replace(/^app\./, 'api.');
    return url.origin;
  }
  return 'the URL of the API server (usually port 8008 instead of 8080, or api.… instead of app.…)';
}

function parseTarget(apiServer: string, endpoint: string, location: string): string {
  if (!URL.canParse(location, apiServer)) return 'another URL';
  const target = new URL(location, apiServer);
  return `${target.origin}${target.pathname}`.replace(new RegExp(`/*(?:${endpoint.replace('.', '\\.')})?/*$`), '');
}
