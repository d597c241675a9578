// The jump hosts that the system's ssh goes through, as its own configuration has each of them: options for the last host do not bind them.
import { opensshOptions, readSshConfig, type SshConfig } from './ssh-config.ts';
import { MAX_HOPS, readHop, tooManyHops } from './ssh-config-target.ts';

export interface Hop {
  /** As it is called on the way. */
  readonly name: string;
  readonly config: SshConfig;
}

/**
 * All hosts on the way, the nearest first. As ssh does it (ssh(1), -J): each is reached through those named before it, and only the
 * first has jump hosts of its own.
 * @param shown what `ssh -G` prints of the host
 * @param ask what `ssh -G` prints with these arguments
 * @throws SshConfigError when one can't be read
 */
export async function findHops(
  host: string,
  shown: string,
  ask: (args: readonly string[]) => Promise<string>,
  hopsLeft = MAX_HOPS,
): Promise<Hop[]> {
  if (hopsLeft === 0) throw tooManyHops(host);
  const words = readSshConfig(shown).jumps;
  const hops: Hop[] = [];
  for (const [index, word] of words.entries()) {
    const read = readHop(word, host);
    const text = await ask([...opensshOptions({ ...read, jumps: words.slice(0, index) }), '--', read.host]);
    if (index === 0) hops.push(...(await findHops(read.host, text, ask, hopsLeft - 1)));
    hops.push({ name: read.host, config: readSshConfig(text) });
  }
  return hops;
}

/** The way to a host: what the configuration says of the host itself, and of those before it. */
export interface Way extends Hop {
  readonly hops: readonly Hop[];
}

/**
 * Why any key would be taken on the way, as a sentence; undefined where each is checked. The key of the last host is checked by our
 * own option, save over a connection that the user has opened.
 * @param isStrict whether a new key may not be taken either
 */
export function findUnchecked({ name: host, config, hops }: Way, isStrict: boolean): string | undefined {
  const lines = [
    ...hops.flatMap((hop) => [
      { name: hop.name, line: hop.config.takesAnyKeyBy },
      { name: hop.name, line: isStrict && hop.config.acceptsNewKeys ? 'StrictHostKeyChecking accept-new' : undefined },
    ]),
    ...(config.hasControlPath ? [{ name: host, line: config.takesAnyKeyBy }] : []),
    ...[...hops, { name: host, config }].map((hop) => ({
      name: hop.name,
      line: hop.config.uncheckedProxy === undefined ? undefined : `ProxyCommand ${hop.config.uncheckedProxy}`,
    })),
  ];
  const found = lines.find(({ line }) => line !== undefined);
  if (found?.line === undefined) return undefined;
  const { name, line } = found;
  return `The host keys on the way to ${host} would not all be checked: ssh's configuration has "${line}" for ${name}. Take it out there, or write "StrictHostKeyChecking yes" above it; ssh -G ${name} shows what counts.`;
}
