// Derives the addresses of the web page and the file server from that of the API server, as clearml-agent does.
import { emptyTree, leaf, nodeAt, overlay, treeWith, type ConfigTree, type Origin } from './config-tree.ts';

/** Derives the URLs of the web page and the file server from that of the API server, if they are not set. */
export function withAddresses(tree: ConfigTree): ConfigTree {
  const api = textAt(tree, 'api.api_server') ?? textAt(tree, 'api.host');
  const web = textAt(tree, 'api.web_server');
  const derivedWeb = web === undefined && api !== undefined ? webServerOf(api) : undefined;
  const known = web ?? derivedWeb;
  const derivedFiles =
    textAt(tree, 'api.files_server') === undefined && known !== undefined ? filesServerOf(known) : undefined;
  return [
    derived('api.web_server', derivedWeb, 'api.api_server'),
    derived('api.files_server', derivedFiles, web === undefined ? 'api.api_server' : 'api.web_server'),
  ].reduce(overlay, tree);
}

function derived(path: string, value: string | undefined, from: string): ConfigTree {
  const origin: Origin = { kind: 'derived', from };
  return value === undefined ? emptyTree(origin) : treeWith(path.split('.'), leaf(value, origin));
}

function textAt(tree: ConfigTree, path: string): string | undefined {
  const node = nodeAt(tree, path.split('.'));
  return node?.kind === 'leaf' && typeof node.value === 'string' && node.value !== '' ? node.value : undefined;
}

/**
 * The web page of an API server, by clearml-agent's rule (session.py, get_app_server_host):
 * `api.` becomes `app.`, port 8008 becomes 8080. Undefined if neither applies.
 */
export function webServerOf(apiServer: string): string | undefined {
  if (apiServer.includes('://demoapi.')) return apiServer.replace('://demoapi.', '://demoapp.');
  if (apiServer.includes('://api.')) return apiServer.replace('://api.', '://app.');
  return portOf(apiServer) === '8008' ? apiServer.replace(':8008', ':8080') : undefined;
}

/** The file server of a web page (session.py, get_files_server_host): another port, or `files.`; else port 8081. */
export function filesServerOf(webServer: string): string | undefined {
  const port = portOf(webServer);
  if (port === undefined) return undefined;
  if (port !== '') return webServer.replace(`:${port}`, ':8081');
  if (webServer.includes('://demoapp.')) return webServer.replace('://demoapp.', '://demofiles.');
  if (webServer.includes('://app.')) return webServer.replace('://app.', '://files.');
  return webServer.replace(/^([^/]+:\/\/[^/]+)/, '$1:8081');
}

/** The port as written, empty if there is none; undefined if this is not a URL. */
function portOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  // URL hides a port that is the scheme's own.
  return /^[^/]+:\/\/[^/]*?:(\d+)(?:\/|$)/.exec(address)?.[1] ?? '';
}
