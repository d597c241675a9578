// Generates the script of the probe job, and parses its output.
import { quoteWord } from '../base/shell-word.ts';

/** Where the job runs and under which account; undefined: the default. Each is a plain word. */
export interface ProbePlace {
  readonly partition: string | undefined;
  readonly account: string | undefined;
  readonly qos: string | undefined;
}

export interface Probe {
  readonly place: ProbePlace;
  /** Readable from this machine. */
  readonly outputFile: string;
  readonly apiServer: string;
  readonly verifiesCertificate: boolean;
  /** The Python of jobs; undefined: the default Python of the node. */
  readonly python: string | undefined;
  readonly sharedDir: string | undefined;
  /** The container to start; undefined: none. */
  readonly container: ProbeContainer | undefined;
}

export interface ProbeContainer {
  /** As in the template or the configuration. */
  readonly image: string;
  /** The arguments before the command that runs in the container. */
  readonly command: readonly string[];
  /** Whether clearml.conf must be visible inside; otherwise the template mounts it. */
  readonly showsConfiguration: boolean;
  /** Whether it uses the agent of the node if it has neither an agent nor pip. */
  readonly borrowsAgent: boolean;
}

/** What the job finds on a node. */
export interface NodeFound {
  readonly node: string;
  /** The HTTP status, or the error. */
  readonly route: { readonly isThere: boolean; readonly output: string };
  /** Version; undefined if missing. */
  readonly python: string | undefined;
  readonly agent: string | undefined;
  readonly canMakeVenv: boolean;
  readonly git: string | undefined;
  readonly containers: readonly string[];
  readonly home: {
    readonly path: string;
    readonly isWritable: boolean;
    readonly freeMb: number | undefined;
    /** Output of quota(1) about file systems where this user is over quota. */
    readonly overQuota: string | undefined;
  };
  readonly seesSharedFolder: boolean;
  readonly container: {
    readonly isStarted: boolean;
    /** Why it did not start. */
    readonly output: string;
    readonly python: string | undefined;
    readonly hasAgent: boolean;
    readonly hasPip: boolean;
    readonly seesConfiguration: boolean;
  };
}

/** Distinct from the job names of tasks. @param token random lower-case letters and digits */
export function probeName(token: string): string {
  return `clearml_doctor_${token}`;
}

const END = 'doctor:end=';

/** The script prints lines `doctor:KEY=value`; an empty value means missing. */
export function probeScript(probe: Probe): string {
  const { place, outputFile, apiServer, verifiesCertificate, python, sharedDir, container } = probe;
  return `#!/bin/bash
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --time=${container === undefined ? 1 : MINUTES_TO_PULL}
#SBATCH --output="${outputFile.replaceAll('%', '%%')}"
${placeLines(place)}
${REPORT}

${GO_APART}

report node "$(hostname)"

server=${quoteWord(`${apiServer}/debug.ping`)}
python=${quoteWord(python ?? 'python3')}
${python === undefined ? 'command -v python3 >/dev/null || python=python\n' : ''}if command -v curl >/dev/null; then
    answer=$(curl ${verifiesCertificate ? '' : '--insecure '}--silent --show-error --max-time 15 --output /dev/null --write-out 'HTTP %{http_code}' "$server" 2>&1)
    case $answer in
        *'HTTP 000'*) report noroute "\${answer/HTTP 000/}" ;;
        *) report route "$answer" ;;
    esac
elif answer=$("$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=15)' "$server" 2>&1); then
    report route 'HTTP 200'
else
    case $answer in
        *'HTTP Error'*) report route "$(printf %s "$answer" | tail -n 1)" ;;
        *) report noroute "$(printf %s "$answer" | tail -n 1)" ;;
    esac
fi

report python "$("$python" -c 'import sys; print(".".join(map(str, sys.version_info[:3])))' 2>/dev/null)"
report agent "$("$python" -m clearml_agent --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1)"
report venv "$("$python" -c 'import venv, ensurepip; print("yes")' 2>/dev/null)"
report git "$(git --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1)"
report containers "$(for one in apptainer singularity enroot podman docker; do command -v "$one" >/dev/null && printf '%s ' "$one"; done)"

report home "$HOME"
if ( : > "$HOME/.clearml_doctor_$SLURM_JOB_ID" ) 2>/dev/null; then
    rm -f "$HOME/.clearml_doctor_$SLURM_JOB_ID"
    report homewritable yes
fi
report homefree "$(df -Pk "$HOME" 2>/dev/null | awk 'NR == 2 { print $4 }')"
report overquota "$(quota -q 2>/dev/null | head -n 3)"
${sharedDir === undefined ? '' : `if [ -d ${quoteWord(sharedDir)} ] && [ -w ${quoteWord(sharedDir)} ]; then report shared yes; else report shared; fi\n`}
${container === undefined ? '' : containerLines(container, probe)}
printf '${END}\\n'
`;
}

/** Shorter than the time that doctor waits. */
const MINUTES_TO_PULL = 9;

/** Uses bash builtins only: an image may have no other programs. */
const REPORT = `report() { printf 'doctor:%s=%s\\n' "$1" "\${2//[$'\\n\\r']/ }"; }`;

/** Python imports modules from its working directory. That of the job may be /tmp, to which other users can write. */
const GO_APART = `folder=$(mktemp -d "\${TMPDIR:-/tmp}/clearml-doctor.XXXXXX") || folder=''
trap 'cd /; if [ -n "$folder" ]; then rm -rf -- "$folder"; fi' EXIT
cd -- "\${folder:-/}" || exit`;

/** The container prints the same kind of lines; other output tells why it did not start. */
function containerLines(
  { command }: ProbeContainer,
  { sharedDir, python }: Pick<Probe, 'sharedDir' | 'python'>,
): string {
  const inside = `${REPORT}
cd /
report insidestarted yes
for one in ${python === undefined ? '' : `${quoteWord(python)} `}python3 python; do
    "$one" -c '' >/dev/null 2>&1 || continue
    if "$one" -c 'import clearml_agent' >/dev/null 2>&1; then python=$one; break; fi
    python=\${python:-$one}
done
report insidepython "$("$python" -c 'import sys; print(".".join(map(str, sys.version_info[:3])))' 2>/dev/null)"
report insideagent "$("$python" -c 'import clearml_agent; print("yes")' 2>/dev/null)"
report insidepip "$("$python" -c 'import pip; print("yes")' 2>/dev/null)"
if [ -r ~/clearml.conf ]${sharedDir === undefined ? '' : ` || [ -d ${quoteWord(sharedDir)} ]`}; then report insideconf yes; fi
`;
  return `output=$(${command.map(quoteWord).join(' ')} bash -c ${quoteWord(inside)} 2>&1)
printf '%s\\n' "$output" | grep '^doctor:'
case $output in
    *doctor:insidestarted=*) ;;
    *) report insideerror "$(printf '%s\\n' "$output" | grep -E '\\[ERROR]|curl:|FATAL|execve|source path|not found|unrecognized' | tail -n 1)"
       report insideoutput "$(printf '%s\\n' "$output" | grep . | tail -n 1)" ;;
esac
`;
}

function placeLines(place: ProbePlace): string {
  return Object.entries(place)
    .map(([option, value]: [string, string | undefined]) =>
      value === undefined ? '' : `#SBATCH --${option}=${value}\n`,
    )
    .join('');
}

/** undefined if the output is incomplete. */
export function parseProbe(text: string): NodeFound | undefined {
  if (!text.includes(END)) return undefined;
  const filled = parseReport(text, 'doctor');
  const route = filled('route');
  const free = Number(filled('homefree') ?? NaN);
  return {
    node: filled('node') ?? 'an unnamed node',
    route:
      route === undefined
        ? { isThere: false, output: filled('noroute') ?? 'no output' }
        : { isThere: true, output: route },
    python: filled('python'),
    agent: filled('agent'),
    canMakeVenv: filled('venv') !== undefined,
    git: filled('git'),
    containers: (filled('containers') ?? '').split(' ').filter((name) => name !== ''),
    home: {
      path: filled('home') ?? '',
      isWritable: filled('homewritable') !== undefined,
      freeMb: Number.isFinite(free) ? Math.floor(free / 1024) : undefined,
      overQuota: filled('overquota'),
    },
    seesSharedFolder: filled('shared') !== undefined,
    container: {
      isStarted: filled('insidestarted') !== undefined,
      output: filled('insideerror') ?? filled('insideoutput') ?? 'no output',
      python: filled('insidepython'),
      hasAgent: filled('insideagent') !== undefined,
      hasPip: filled('insidepip') !== undefined,
      seesConfiguration: filled('insideconf') !== undefined,
    },
  };
}

/** Parses lines such as `doctor:node=n1`. Returns a function from a key to its value; an empty value counts as missing. */
export function parseReport(text: string, prefix: string): (key: string) => string | undefined {
  const pattern = new RegExp(`^${prefix}:(\\w+)=(.*)$`);
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = pattern.exec(line) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, value.trim());
  }
  return (key) => (values.get(key) === '' ? undefined : values.get(key));
}
