// Risks of the connection settings, which the daemon logs at start-up and doctor reports. Pure.
import type { ConnectionSettings } from './connection-settings.ts';

/** One message each, without a full stop; none for a safe connection. */
export function describeRisks({
  apiServer,
  verifyCertificate,
}: Pick<ConnectionSettings, 'apiServer' | 'verifyCertificate'>): string[] {
  const url = URL.canParse(apiServer) ? new URL(apiServer) : undefined;
  if (url === undefined) return [];
  if (url.protocol === 'http:')
    return isLoopback(url.hostname)
      ? []
      : [`${url.origin} is not encrypted: an attacker on the network can read the keys and change what jobs run`];
  if (verifyCertificate !== false || isLoopback(url.hostname)) return [];
  return ['api.verify_certificate is false: an attacker on the network can pose as the server and get the keys'];
}

function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d+){3}|\[::1\]|localhost|.+\.localhost)$/.test(host);
}
