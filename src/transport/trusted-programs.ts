// Whether somebody else can change the programs that a host is to run, by the rule of trusted paths, told by a shell there before the first one is run.
import { trustScript } from '../base/trust-script.ts';
import type { Transport } from './transport.ts';

export interface ProgramsToTrust {
  /** Names, which are looked for on the PATH there, or paths. */
  readonly programs: readonly string[];
  /** Programs that may be missing there, by their paths. */
  readonly perhaps: readonly string[];
  /** Files that these programs read. */
  readonly files: readonly string[];
  /** Whose members may change them too. */
  readonly group: string | undefined;
}

export interface DistrustedProgram {
  /** `folder`: one in which programs are looked for. */
  readonly kind: 'program' | 'folder' | 'file';
  readonly path: string;
  readonly why: string;
}

const TIMEOUT_MS = 30_000;

/**
 * What is not there is judged by the folder in which somebody would have to make it, which must be closed to others even where it is
 * sticky. The tools of the look itself are those of the system.
 */
const LOOK = `group=$1 searched=$PATH:
PATH=/usr/bin:/bin:$PATH
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
      /*) trusts "$folder" || refuse folder "$folder" ;;
      *) clearml_why='it is the folder in which programs start, or below it'; refuse folder "\${folder:-.}" ;;
    esac
    if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then trusts "$folder/$1" || refuse program "$folder/$1"; return; fi
  done
}
shift
while [ $# -gt 1 ]; do
  case $1 in
    program) case $2 in */*) trusts "$2" || refuse program "$2" ;; *) look_for "$2" ;; esac ;;
    perhaps) [ ! -e "$2" ] || trusts "$2" || refuse program "$2" ;;
    file) trusts "$2" || refuse file "$2" ;;
  esac
  shift 2
done`;

/** The first of them that others can change; undefined where there is none. @throws what the host throws */
export async function findDistrustedProgram(
  host: Transport,
  { programs, perhaps, files, group = '' }: ProgramsToTrust,
): Promise<DistrustedProgram | undefined> {
  const named = [
    ...programs.flatMap((name) => ['program', name]),
    ...perhaps.flatMap((path) => ['perhaps', path]),
    ...files.flatMap((path) => ['file', path]),
  ];
  const args = ['-c', `${trustScript()}\n${LOOK}`, 'sh', group, ...named];
  const { exitCode, stdout, stderr } = await host.run({ program: '/bin/sh', args, timeoutMs: TIMEOUT_MS });
  if (exitCode === 0) return undefined;
  const [kind = '', path = '', ...why] = stdout.trimEnd().split('\n');
  if (kind === 'program' || kind === 'folder' || kind === 'file') return { kind, path, why: why.join(' ') };
  return { kind: 'folder', path: 'PATH', why: `it could not be looked at: ${(stdout + stderr).trim()}` };
}
