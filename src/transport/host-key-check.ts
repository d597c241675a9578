// Checks the keys that hosts show against the known_hosts files, and in the mode accept-new remembers the first one.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { findNameDistrust, inspectPath, ownTrust } from '../base/trusted-path.ts';
import {
  describeNotRemembered,
  describeRefusal,
  describeUnchecked,
  describeWrongPin,
  UntrustedKnownHostsError,
  type ShownKey,
} from './host-key-messages.ts';
import { fingerprint, checkHostKey, knownKeyTypes, namesOfHost } from './compare-host-key.ts';
import { hashedName, readKnownHosts, type KnownHost } from './known-hosts.ts';
import type { HostKeyCheck, KnownKeyTypes, SshTarget } from './ssh-target.ts';

export interface HostKeys {
  readonly check: HostKeyCheck;
  readonly knownTypes: KnownKeyTypes;
}

/** The files are read for each connection: what a person has just accepted or removed counts at once. */
export function createHostKeys({ name: calledAs, hostKeys }: Pick<SshTarget, 'name' | 'hostKeys'>): HostKeys {
  const { mode, knownHostsFiles, fingerprint: pinned, alias } = hostKeys;

  async function check(shown: ShownKey): Promise<string | undefined> {
    const { host, port, key } = shown;
    const known = await readAll(knownHostsFiles);
    const result = checkHostKey(known, namesOfHost(host, port, alias), key);
    if (result.kind === 'revoked') return describeRefusal(result, shown, knownHostsFiles);
    if (pinned !== undefined) return fingerprint(key) === pinned ? undefined : describeWrongPin(shown, pinned);
    if (result.kind === 'known') return undefined;
    const [first] = knownHostsFiles;
    if (result.kind !== 'unknown' || mode === 'strict' || first === undefined)
      return describeRefusal(result, shown, knownHostsFiles);
    return remember(first, shown, known);
  }

  return {
    async check(host, port, key) {
      const shown = { host, port, name: namesOfHost(host, port, alias).name, calledAs, key };
      const refused = await oneAfterAnother(() => check(shown)).catch((error: unknown) =>
        describeUnchecked(shown, error),
      );
      return refused === undefined ? { ok: true } : { ok: false, sentence: refused };
    },
    async knownTypes(host, port) {
      return knownKeyTypes(await readAll(knownHostsFiles), namesOfHost(host, port, alias));
    },
  };
}

/** Two connections to a new host must not both be the first one. */
let last: Promise<unknown> = Promise.resolve();
function oneAfterAnother<Result>(act: () => Promise<Result>): Promise<Result> {
  const next = last.then(act);
  // The caller has the error; the next one only waits for the turn.
  last = next.catch(() => undefined);
  return next;
}

async function readAll(files: readonly string[]): Promise<KnownHost[]> {
  const read = files.map(async (file) => readKnownHosts(file, await readIfThere(file)));
  return (await Promise.all(read)).flat();
}

/**
 * @throws when the file is there and can't be read: it might hold the line that refuses a key; or when others can change it, or be the
 * first to make it: then the key that it holds, or soon will, may be theirs
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

const EMPTY_FOR_GOOD = '/dev/null';

function distrustOfKeys(file: string): string | undefined {
  const look = inspectPath(resolve(file));
  // Everybody may write to it, and nothing is ever read from it.
  const isEmpty = look.isWhole && look.steps.at(-1)?.path === EMPTY_FOR_GOOD;
  return findNameDistrust(isEmpty ? { steps: look.steps.slice(0, -1), isWhole: true } : look, ownTrust());
}

/** For a check that ssh makes itself: the sentence about a file that others can change, or undefined. */
export async function refuseOthersKeys(name: string, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      await readIfThere(file);
    } catch (error) {
      // One that can't be read ssh does without.
      if (error instanceof UntrustedKnownHostsError) return describeUnchecked({ name }, error);
    }
  }
  return undefined;
}

/** Adds a line with one write, as ssh itself does: others may be adding theirs. Says why when it can't. */
async function remember(file: string, shown: ShownKey, known: readonly KnownHost[]): Promise<string | undefined> {
  const { name, key } = shown;
  try {
    // Looked at before the folders are made as well, and afterwards, as somebody else may have been quicker.
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const why = distrustOfKeys(file);
    if (why !== undefined) throw new UntrustedKnownHostsError(file, why);
    const handle = await open(file, 'a+', 0o600);
    try {
      if (!(await handle.stat()).isFile()) return describeNotRemembered(shown, file, 'it is no file');
      const text = await handle.readFile('utf8');
      const start = text === '' || text.endsWith('\n') ? '' : '\n';
      // Hashed where the user's other lines are (HashKnownHosts in ssh_config(5)).
      const isHashed = known.some((line) => line.file === file && line.names.startsWith('|'));
      const names = isHashed ? hashedName(name, randomBytes(20)) : name;
      await handle.appendFile(`${start}${names} ${key.type} ${key.blob.toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    return describeNotRemembered(shown, file, error);
  }
  return undefined;
}
