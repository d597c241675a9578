// Parses the mounts of a task, in the notations of docker and Singularity, and checks them against the allowed directories.
import { displayValue } from '../placeholders/display-value.ts';

/** `source:destination[:ro]`, which all releases of Singularity accept; or the reason against it. */
export type ParsedMount = { readonly bind: string } | { readonly refusal: string };

/**
 * @param written the value of `-v` or `--bind`, or the keys of `--mount`
 * @param allowed directories that may be mounted, with all below them; undefined: any
 */
export function parseMount(written: string, allowed: readonly string[] | undefined): ParsedMount {
  const parts = /^(?:[^:]*,)?(?:type|src|source)=/.test(written) ? parseKeys(written) : parseColons(written);
  if (parts === undefined)
    return { refusal: `${displayValue(written)} is not a mount: write -v DIR:DIR, or -v DIR:DIR:ro` };
  const { source, destination, mode } = parts;
  for (const path of [source, destination]) {
    const violation = pathViolation(path);
    if (violation !== undefined) return { refusal: `the mount ${displayValue(written)} ${violation}` };
  }
  if (allowed !== undefined && !allowed.some((folder) => isWithin(source, folder))) {
    return {
      refusal: `${displayValue(source)} must not be mounted: agent.slurm.container_mounts in clearml.conf allows ${
        allowed.length === 0 ? 'no directory' : allowed.join(', ')
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

function parseColons(written: string): Mount | undefined {
  const [source = '', destination = source, mode, ...more] = written.split(':');
  // The options z and Z of docker relabel for SELinux, and do not limit writing.
  const modes = mode?.split(',').filter((word) => !/^(?:z|Z|rw|cached|delegated|consistent)$/.test(word)) ?? [];
  const isKnown = more.length === 0 && modes.every((word) => word === 'ro');
  return isKnown ? { source, destination, mode: modes[0] } : undefined;
}

function parseKeys(written: string): Mount | undefined {
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
 * Singularity splits its list of mounts at commas and colons, which a backslash escapes. It uses the caret internally: with a caret
 * in a path, Apptainer 1.4 mounts another directory, and writable.
 */
function pathViolation(path: string): string | undefined {
  if (!path.startsWith('/')) return 'has a path that does not begin with a slash: write absolute paths';
  if (/[,:\\^\p{Cc}]/u.test(path))
    return 'has a comma, colon, caret, backslash or control character in a path: use other names';
  if (path.split('/').includes('..')) return 'has ".." in a path: write the path without ".."';
  return undefined;
}

function isWithin(path: string, folder: string): boolean {
  const whole = `${folder.replace(/\/+$/, '')}/`;
  return `${path.replace(/\/+/g, '/')}/`.startsWith(whole);
}
