// Describes the URL of the status page of a running daemon, and how to reach it from another machine.
import { isIPv6 } from 'node:net';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { readListenNote, readOrMakeToken, tokenFile } from './token-and-address-files.ts';

/** Addresses that mean every address of this machine. */
const ANY_ADDRESS = ['0.0.0.0', '::'];

/**
 * The URL with the token, and the command that makes it reachable from another machine; undefined if the daemon serves no page.
 * @throws StateDirectoryError if the token cannot be read
 */
export async function describeWeb({ config, context }: Configured): Promise<string | undefined> {
  const { clusters, http } = config.settings;
  const note = await readListenNote(clusters);
  if (note === undefined) return undefined;
  const { address, unixSocket } = note;
  const login = `${context.environment['USER'] ?? 'USER'}@${context.hostName}`;
  if (address === undefined) {
    return `The status page is on a Unix socket. From your computer:\n    ssh -N -L 8910:${unixSocket ?? ''} ${login}\nThen open http://localhost:8910/\n`;
  }
  const token = await readOrMakeToken(tokenFile(clusters, http));
  const { host, port } = address;
  const isAny = ANY_ADDRESS.includes(host);
  const shown = isAny ? context.hostName : isIPv6(host) ? `[${host}]` : host;
  const inside = isAny ? 'localhost' : shown;
  return (
    `The status page is at\n    http://${shown}:${port}/?token=${token}\n` +
    `On your computer, run this command and keep it running:\n    ssh -N -L ${port}:${inside}:${port} ${login}\n` +
    `Then open\n    http://localhost:${port}/?token=${token}\n` +
    'Everyone who has this URL can read the page: keep the URL secret.\n'
  );
}
