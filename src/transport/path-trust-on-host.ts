// Finds, by a shell on the host, what other users can change there: a path, or a program that will run.
import type { Transport } from './transport.ts';
import { readPackageFile } from '../base/installation.ts';

export interface ProgramsToTrust {
  /** Paths, or names that are searched on the host's PATH. */
  readonly programs: readonly string[];
  /** Paths of programs that may be missing. */
  readonly optional: readonly string[];
  /** Files that these programs read. */
  readonly files: readonly string[];
  /** A group whose members may change them too. */
  readonly group: string | undefined;
}

export interface DistrustedProgram {
  /** `folder`: a directory of the PATH. */
  readonly kind: 'program' | 'folder' | 'file';
  readonly path: string;
  readonly why: string;
}

const TIMEOUT_MS = 30_000;

/**
 * For a missing file, the directory in which it would be created is checked, and must not be writable for others even if it is sticky.
 * The script uses only the system's own tools. It checks each directory of the PATH once: no other user can change a trusted one.
 */
const CHECK_SCRIPT = `group=$1 searched=$PATH: trusted=:
PATH=/usr/bin:/bin:$PATH
: "\${EUID:=$(id -u)}"
trusts() {
  at=$1
  while [ ! -e "$at" ] && [ ! -L "$at" ]; do case $at in */*) at=\${at%/*} ;; *) at='' ;; esac; at=\${at:-/}; done
  clearml_is_trusted "$at" "$group" site
}
refuse() { printf '%s\\n%s\\n%s\\n' "$1" "$2" "$clearml_why"; exit 1; }
look_for() {
  rest=$searched
  while [ -n "$rest" ]; do
    folder=\${rest%%:*} rest=\${rest#*:}
    case $folder in
      /*)
        case $trusted in
          *":$folder:"*) ;;
          *) trusts "$folder" || refuse folder "$folder"; trusted=$trusted$folder: ;;
        esac ;;
      *) clearml_why='it is relative to the working directory'; refuse folder "\${folder:-.}" ;;
    esac
    if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then trusts "$folder/$1" || refuse program "$folder/$1"; return; fi
  done
}
shift
while [ $# -gt 1 ]; do
  case $1 in
    program) case $2 in */*) trusts "$2" || refuse program "$2" ;; *) look_for "$2" ;; esac ;;
    optional) [ ! -e "$2" ] || trusts "$2" || refuse program "$2" ;;
    file) trusts "$2" || refuse file "$2" ;;
  esac
  shift 2
done`;

/** Why other users can change the path on the host; undefined if they cannot. */
export async function findDistrustOnHost(
  host: Transport,
  path: string,
  trustedGroup = '',
): Promise<string | undefined> {
  const script = `${trustScript()}\nclearml_is_trusted "$1" "$2" || { echo "$clearml_why"; exit 1; }`;
  const args = ['-c', script, 'sh', path, trustedGroup];
  const { exitCode, stdout, stderr } = await host.run({ program: 'sh', args, timeoutMs: TIMEOUT_MS });
  return exitCode === 0 ? undefined : (stdout + stderr).trim();
}

/** The first program, directory or file that other users can change; undefined if there is none. @throws as `Transport.run` */
export async function findDistrustedProgramOnHost(
  host: Transport,
  { programs, optional, files, group = '' }: ProgramsToTrust,
): Promise<DistrustedProgram | undefined> {
  const named = [
    ...programs.flatMap((name) => ['program', name]),
    ...optional.flatMap((path) => ['optional', path]),
    ...files.flatMap((path) => ['file', path]),
  ];
  const args = ['-c', `${trustScript()}\n${CHECK_SCRIPT}`, 'sh', group, ...named];
  const { exitCode, stdout, stderr } = await host.run({ program: '/bin/sh', args, timeoutMs: TIMEOUT_MS });
  if (exitCode === 0) return undefined;
  const [kind = '', path = '', ...why] = stdout.trimEnd().split('\n');
  if (kind === 'program' || kind === 'folder' || kind === 'file') return { kind, path, why: why.join(' ') };
  return { kind: 'folder', path: 'PATH', why: `it could not be checked: ${(stdout + stderr).trim()}` };
}

let trustText: string | undefined;

/** Defines `clearml_is_trusted PATH GROUP`, which sets `clearml_why`. Comments are removed because it is sent with every connection. */
export function trustScript(): string {
  trustText ??= readPackageFile('templates/partials/trust.sh.mustache').replaceAll(/^ *#.*\n/gm, '');
  return trustText;
}
