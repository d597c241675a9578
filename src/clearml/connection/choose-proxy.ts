// Chooses the proxy of the server: http_proxy, https_proxy and no_proxy, by the rules of Python's requests, which the agent uses.
import { BlockList, isIP } from 'node:net';
import { ServerUnusableError } from '../errors.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** The URL of the proxy; empty if the server is reached without one. @throws ServerUnusableError if the URL is invalid */
export function chooseProxy({ apiServer, httpProxy, httpsProxy, noProxy = '' }: ConnectionSettings): string {
  if (isWithoutProxy(apiServer, noProxy)) return '';
  return parseProxy(apiServer.startsWith('https:') ? httpsProxy : httpProxy);
}

/**
 * @param server the URL of the API server
 * @param noProxy names, domains and addresses, each perhaps with a port, and networks such as `10.0.0.0/8`; or `*`
 */
export function isWithoutProxy(server: string, noProxy: string): boolean {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, '');
  const itsPort = port === '' ? { 'http:': '80', 'https:': '443' }[protocol] : port;
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      if (entry === '*') return true;
      if (isIP(host) !== 0 && entry.includes('/')) return isInNetwork(host, entry);
      const [, written = entry, onlyPort] = isIP(entry) === 0 ? (/^(.+):(\d+)$/.exec(entry) ?? []) : [];
      const name = written.replace(/^\*?\.|^\[|\]$/g, '');
      if (name === '' || (onlyPort !== undefined && onlyPort !== itsPort)) return false;
      return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
    });
}

function isInNetwork(address: string, network: string): boolean {
  const [, base = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(base) === 0 || isIP(base) !== isIP(address) || Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family);
  return list.check(address, family);
}

function parseProxy(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const address = text.includes('://') ? text : `http://${text}`;
  // The message does not quote the URL: it may hold a password.
  if (!URL.canParse(address)) {
    throw new ServerUnusableError('http_proxy or https_proxy is not a URL: write http://host:port');
  }
  if (!/^(?:https?|socks5?):$/.test(new URL(address).protocol)) {
    throw new ServerUnusableError(
      'http_proxy, https_proxy or all_proxy names a proxy of a kind that is not supported: write http://host:port',
    );
  }
  return address;
}
