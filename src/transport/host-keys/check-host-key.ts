// Checks host keys against the known_hosts files, and with accept-new adds the first key of a host.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { findNameDistrust, inspectPath, ownTrust } from '../../base/path-trust-rule.ts';
import {
  describeNotSaved,
  describeRefusal,
  describeUnchecked,
  describeWrongPin,
  UntrustedKnownHostsError,
  type ShownKey,
} from './host-key-messages.ts';
import { fingerprint, compareHostKey, knownKeyTypes, namesOfHost } from './compare-host-key.ts';
import { hashedName, parseKnownHosts, type KnownHost } from './parse-known-hosts.ts';
import type { HostKeyCheck, KnownKeyTypes, SshTarget } from '../ssh-target.ts';

export interface HostKeys {
  readonly check: HostKeyCheck;
  readonly knownTypes: KnownKeyTypes;
}

/** Reads the files for each connection, so that a change by the user takes effect at once. */
export function createHostKeyCheck({ name: calledAs, hostKeys }: Pick<SshTarget, 'name' | 'hostKeys'>): HostKeys {
  const { mode, knownHostsFiles, fingerprint: pinned, alias } = hostKeys;

  async function check(shown: ShownKey): Promise<string | undefined> {
    const { host, port, key } = shown;
    const known = await readAll(knownHostsFiles);
    const result = compareHostKey(known, namesOfHost(host, port, alias), key);
    if (result.kind === 'revoked') return describeRefusal(result, shown, knownHostsFiles);
    if (pinned !== undefined) return fingerprint(key) === pinned ? undefined : describeWrongPin(shown, pinned);
    if (result.kind === 'known') return undefined;
    const [first] = knownHostsFiles;
    if (result.kind !== 'unknown' || mode === 'strict' || first === undefined)
      return describeRefusal(result, shown, knownHostsFiles);
    return saveKey(first, shown, known);
  }

  return {
    async check(host, port, key) {
      const shown = { host, port, name: namesOfHost(host, port, alias).name, calledAs, key };
      const refused = await oneAfterAnother(() => check(shown)).catch((error: unknown) =>
        describeUnchecked(shown, error),
      );
      return refused === undefined ? { ok: true } : { ok: false, message: refused };
    },
    async knownTypes(host, port) {
      return knownKeyTypes(await readAll(knownHostsFiles), namesOfHost(host, port, alias));
    },
  };
}

/** Serializes checks: of two connections to a new host only one may add the key. */
let last: Promise<unknown> = Promise.resolve();
function oneAfterAnother<Result>(act: () => Promise<Result>): Promise<Result> {
  const next = last.then(act);
  // The caller gets the error; the next check only waits.
  last = next.catch(() => undefined);
  return next;
}

async function readAll(files: readonly string[]): Promise<KnownHost[]> {
  const read = files.map(async (file) => parseKnownHosts(file, await readIfThere(file)));
  return (await Promise.all(read)).flat();
}

/**
 * @throws if the file exists and is unreadable, as it may have a line that revokes the key; or if other users can change or create it,
 * as its keys may be theirs
 */
async function readIfThere(file: string): Promise<string> {
  try {
    const why = distrustOfKeys(file);
    if (why !== undefined) throw new UntrustedKnownHostsError(file, why);
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

const ALWAYS_EMPTY = '/dev/null';

function distrustOfKeys(file: string): string | undefined {
  const path = inspectPath(resolve(file));
  // Any user may write to it, and it is always empty.
  const isEmpty = path.isWhole && path.steps.at(-1)?.path === ALWAYS_EMPTY;
  return findNameDistrust(isEmpty ? { steps: path.steps.slice(0, -1), isWhole: true } : path, ownTrust());
}

/** For host keys that ssh itself checks: a message about a file that other users can change, or undefined. */
export async function refuseUntrustedFiles(name: string, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await readIfThere(file);
    } catch (error) {
      // ssh ignores an unreadable file.
      if (error instanceof UntrustedKnownHostsError) return describeUnchecked({ name }, error);
    }
  }
  return undefined;
}

/** Appends a line with one write, as ssh does, since other processes may append too. Returns a message on failure. */
async function saveKey(file: string, shown: ShownKey, known: readonly KnownHost[]): Promise<string | undefined> {
  const { name, key } = shown;
  try {
    // The directories may have been created by another user meanwhile, so check after creating them.
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const why = distrustOfKeys(file);
    if (why !== undefined) throw new UntrustedKnownHostsError(file, why);
    const handle = await open(file, 'a+', 0o600);
    try {
      if (!(await handle.stat()).isFile()) return describeNotSaved(shown, file, 'it is not a regular file');
      const text = await handle.readFile('utf8');
      const start = text === '' || text.endsWith('\n') ? '' : '\n';
      // Hash the name if other lines of the user are hashed (HashKnownHosts in ssh_config(5)).
      const isHashed = known.some((line) => line.file === file && line.names.startsWith('|'));
      const names = isHashed ? hashedName(name, randomBytes(20)) : name;
      await handle.appendFile(`${start}${names} ${key.type} ${key.blob.toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    return describeNotSaved(shown, file, error);
  }
  return undefined;
}
