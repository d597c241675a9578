// The sentence for an `api_server` behind which no API answers: nearly always the address of the web page. Pure.
import { isHtml } from './classify.ts';

export interface WrongReply {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** What is wrong with the address, and what to write instead. */
export function formatWrongAddress(apiServer: string, endpoint: string, reply: WrongReply): string {
  if (reply.location !== undefined && reply.status >= 300 && reply.status < 400) {
    return `${apiServer} sends on to ${readTarget(apiServer, endpoint, reply.location)}: write that address as api.api_server`;
  }
  if (isHtml(reply.text)) {
    return (
      `${apiServer} answers with a web page (${reply.status}), so it is not the address of ClearML's API; ` +
      `write ${suggestApiServer(apiServer)} as api.api_server`
    );
  }
  return `${apiServer} does not answer as ClearML's API (${reply.status}); look at api.api_server, and at the proxy if there is one`;
}

/** ClearML's defaults: the web page on port 8080 or app.…, the API on port 8008 or api.… */
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
  return "the API server's (usually port 8008 instead of 8080, or api.… instead of app.…)";
}

function readTarget(apiServer: string, endpoint: string, location: string): string {
  if (!URL.canParse(location, apiServer)) return 'another address';
  const target = new URL(location, apiServer);
  return `${target.origin}${target.pathname}`.replace(new RegExp(`/*(?:${endpoint.replace('.', '\\.')})?/*$`), '');
}
