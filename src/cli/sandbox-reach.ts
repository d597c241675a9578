// Who reaches a sandbox, in the words of a warning. Pure.

/**
 * undefined where it listens on loopback and nobody asked for anything else.
 * @param host as typed
 */
export function describeReach(
  { url, ip }: { readonly url: string; readonly ip: string },
  host: string | undefined,
): string | undefined {
  if (!isLoopback(ip))
    return `Warning: everybody on the network reaches it, and it speaks plain HTTP. Whoever has its keys runs programs as you. Use it to try things, and end it then.`;
  if (host === undefined || host === 'localhost' || isLoopback(host)) return undefined;
  return `Warning: ${host} is ${ip} on this machine (see /etc/hosts), so no other machine reaches ${url}. If jobs run on other nodes, give an address that they reach: "hostname -I" prints them.`;
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}
