// A folder of the node that a task asks for in its container, in docker's and Singularity's ways of writing it.
import { displayValue } from '../display-value.ts';

/** `source:destination[:ro]`, which all releases of Singularity read alike; or why not. */
export type ParsedMount = { readonly bind: string } | { readonly refusal: string };

/**
 * @param written the value of `-v` or `--bind`, or the keys of `--mount`
 * @param allowed folders that may be mounted, with all below them; undefined: any
 */
export function parseMount(written: string, allowed: readonly string[] | undefined): ParsedMount {
  const parts = /^(?:[^:]*,)?(?:type|src|source)=/.test(written) ? readKeys(written) : readColons(written);
  if (parts === undefined) return { refusal: `${displayValue(written)} is no mount: write -v FOLDER:FOLDER, or …:ro` };
  const { source, destination, mode } = parts;
  for (const path of [source, destination]) {
    const trouble = pathTrouble(path);
    if (trouble !== undefined) return { refusal: `the mount ${displayValue(written)} ${trouble}` };
  }
  if (allowed !== undefined && !allowed.some((folder) => isWithin(source, folder))) {
    return {
      refusal: `${displayValue(source)} may not be mounted: agent.slurm.container_mounts in clearml.conf says what may, ${
        allowed.length === 0 ? 'and nothing does' : allowed.join(', ')
      }`,
    };
  }
  return { bind: `${source}:${destination}${mode === 'ro' ? ':ro' : ''}` };
}

interface Mount {
  readonly source: string;
  readonly destination: string;
  readonly mode: string | undefined;
}

function readColons(written: string): Mount | undefined {
  const [source = '', destination = source, mode, ...more] = written.split(':');
  // docker's z and Z relabel for SELinux, and say nothing about who may write.
  const modes = mode?.split(',').filter((word) => !/^(?:z|Z|rw|cached|delegated|consistent)$/.test(word)) ?? [];
  const isKnown = more.length === 0 && modes.every((word) => word === 'ro');
  return isKnown ? { source, destination, mode: modes[0] } : undefined;
}

function readKeys(written: string): Mount | undefined {
  const keys = new Map<string, string>();
  for (const field of written.split(',')) {
    const [, key = field, value = ''] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    keys.set(key, value);
  }
  const known = ['type', 'src', 'source', 'dst', 'destination', 'target', 'ro', 'readonly'];
  if ([...keys.keys()].some((key) => !known.includes(key)) || (keys.get('type') ?? 'bind') !== 'bind') return undefined;
  const source = keys.get('src') ?? keys.get('source') ?? '';
  const destination = keys.get('dst') ?? keys.get('destination') ?? keys.get('target') ?? source;
  const readOnly = keys.get('ro') ?? keys.get('readonly');
  return { source, destination, mode: readOnly === undefined || /^(?:false|0)$/.test(readOnly) ? undefined : 'ro' };
}

/**
 * Singularity's list of mounts is split at commas and colons, and a backslash protects them. A caret stands for a mark of its
 * own while it does so: with one in a path Apptainer 1.4 mounts elsewhere, and forgets that it was to be read only.
 */
function pathTrouble(path: string): string | undefined {
  if (!path.startsWith('/')) return 'names a folder that does not begin with a slash: write whole paths';
  if (/[,:\\^\p{Cc}]/u.test(path)) return 'has a comma, a colon, a caret, a backslash or a control character in a path';
  if (path.split('/').includes('..')) return 'has .. in a path: write where it leads';
  return undefined;
}

function isWithin(path: string, folder: string): boolean {
  const whole = `${folder.replace(/\/+$/, '')}/`;
  return `${path.replace(/\/+/g, '/')}/`.startsWith(whole);
}
