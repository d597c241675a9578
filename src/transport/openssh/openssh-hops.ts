// The jump hosts of the system's ssh, each with its own configuration: options of the last host do not apply to them.
import { opensshOptions, parseSshConfig, type SshConfig } from './parse-ssh-config.ts';
import { MAX_HOPS, parseHop, tooManyHops } from '../ssh2/find-ssh2-target.ts';

export interface Hop {
  /** As ssh calls it. */
  readonly name: string;
  readonly config: SshConfig;
}

/**
 * All jump hosts, nearest first. As in ssh(1), -J, each is reached through those named before it, and only the first has
 * its own.
 * @param shown output of `ssh -G` for the host
 * @param ask returns the output of `ssh -G` with these arguments
 * @throws SshConfigError if a jump host is invalid
 */
export async function findHops(
  host: string,
  shown: string,
  ask: (args: readonly string[]) => Promise<string>,
  hopsLeft = MAX_HOPS,
): Promise<Hop[]> {
  if (hopsLeft === 0) throw tooManyHops(host);
  const { jumps } = parseSshConfig(shown);
  const hops: Hop[] = [];
  for (const [index, jump] of jumps.entries()) {
    const read = parseHop(jump, host);
    const text = await ask([...opensshOptions({ ...read, jumps: jumps.slice(0, index) }), '--', read.host]);
    if (index === 0) hops.push(...(await findHops(read.host, text, ask, hopsLeft - 1)));
    hops.push({ name: read.host, config: parseSshConfig(text) });
  }
  return hops;
}

/** A host and its jump hosts with their configurations. */
export interface Route extends Hop {
  readonly hops: readonly Hop[];
}

/**
 * Why a host key on the route would not be checked, as a message; undefined if every key is. Our own option checks the key of the last
 * host, except on a connection that the user opened.
 * @param isStrict whether a new key is refused too
 */
export function findUnchecked({ name: host, config, hops }: Route, isStrict: boolean): string | undefined {
  const lines = [
    ...hops.flatMap((hop) => [
      { name: hop.name, line: hop.config.anyKeyLine },
      { name: hop.name, line: isStrict && hop.config.acceptsNewKeys ? 'StrictHostKeyChecking accept-new' : undefined },
    ]),
    ...(config.hasControlPath ? [{ name: host, line: config.anyKeyLine }] : []),
    ...[...hops, { name: host, config }].map((hop) => ({
      name: hop.name,
      line: hop.config.uncheckedProxy === undefined ? undefined : `ProxyCommand ${hop.config.uncheckedProxy}`,
    })),
  ];
  const found = lines.find(({ line }) => line !== undefined);
  if (found?.line === undefined) return undefined;
  const { name, line } = found;
  const remedy = line.startsWith('ProxyCommand ')
    ? 'Remove the option StrictHostKeyChecking from that command'
    : 'Remove that line, or write "StrictHostKeyChecking yes" above it';
  return `A host key on the route to ${host} would not be checked: your ssh configuration sets "${line}" for ${name}. ${remedy}; ssh -G ${name} shows the effective settings.`;
}
