// What somebody on the network could do, as the way to the server is set: said at the start and by doctor, refused by nobody. Pure.
import type { ApiSettings } from './settings.ts';

/** One sentence each, without a full stop; none for a way that is safe. */
export function describeRisks({
  apiServer,
  verifyCertificate,
}: Pick<ApiSettings, 'apiServer' | 'verifyCertificate'>): string[] {
  const url = URL.canParse(apiServer) ? new URL(apiServer) : undefined;
  if (url === undefined) return [];
  if (url.protocol === 'http:')
    return isLoopback(url.hostname)
      ? []
      : [`${url.origin} is not encrypted: anybody on the network can read the keys, and change what jobs run`];
  if (verifyCertificate !== false || isLoopback(url.hostname)) return [];
  return ['api.verify_certificate is false: anybody on the network can pose as the server, and get its keys'];
}

/** What never leaves this machine. */
function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d+){3}|\[::1\]|localhost|.+\.localhost)$/.test(host);
}
