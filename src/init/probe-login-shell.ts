// The script that probes the shell of the login node, and the parser of its output.
import { parseReport } from '../doctor/node-script.ts';

/** What is available in a shell. */
export interface ShellFacts {
  /** Such as `3.11`; undefined if missing. */
  readonly python: string | undefined;
  /** The container program. */
  readonly containers: 'apptainer' | 'singularity' | undefined;
  readonly home: string;
  /** The file system type of the home directory, as in stat(1). */
  readonly homeFileSystem: string | undefined;
  readonly hasModules: boolean;
  /** The modules with Python or a container program, each in its default version. */
  readonly modules: readonly string[];
  /** The names of the proxy, package index and certificate variables that are set. */
  readonly networkVariables: readonly string[];
}

/** The variables that curl, git, requests and pip read to reach other networks. */
const NETWORK_VARIABLES = [
  'https_proxy',
  'HTTPS_PROXY',
  'http_proxy',
  'HTTP_PROXY',
  'REQUESTS_CA_BUNDLE',
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'PIP_CONFIG_FILE',
  'PIP_INDEX_URL',
];

/** Prints lines `init:KEY=value`, so that output of the login profile does no harm; an empty value means missing. */
export const SHELL_PROBE_SCRIPT = `report() { printf 'init:%s=%s\\n' "$1" "$(printf %s "$2" | tr '\\n\\r' '  ')"; }
report python "$(python3 -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
for one in singularity apptainer; do command -v "$one" >/dev/null 2>&1 && report containers "$one"; done
report home "$HOME"
report homefs "$(stat -f -c %T "$HOME" 2>/dev/null)"
report network "$(for one in ${NETWORK_VARIABLES.join(' ')}; do [ -z "\${!one}" ] || echo "$one"; done)"
if type module >/dev/null 2>&1; then
    report hasmodules yes
    report modules "$(module -t avail 2>&1 | grep -iE '^(python|anaconda|miniconda|miniforge|apptainer|singularity)')"
fi
printf 'init:end=\\n'
`;

/** Of incomplete output, nothing counts. */
export function parseShellFacts(text: string): ShellFacts {
  const filled = parseReport(/^init:end=/m.test(text) ? text : '', 'init');
  const containers = filled('containers');
  return {
    python: filled('python'),
    containers: containers === 'apptainer' || containers === 'singularity' ? containers : undefined,
    home: filled('home') ?? '',
    homeFileSystem: filled('homefs'),
    hasModules: filled('hasmodules') !== undefined,
    modules: usualModules((filled('modules') ?? '').split(/\s+/)),
    networkVariables: NETWORK_VARIABLES.filter((name) => filled('network')?.split(' ').includes(name)),
  };
}

/** The default version of each module, else the last one: Lmod and Environment Modules sort them. */
function usualModules(shown: readonly string[]): string[] {
  const chosen = new Map<string, { readonly name: string; readonly isDefault: boolean }>();
  for (const word of shown) {
    const name = word.replace(/\(.*\)$/, '');
    // Only plain names; Lmod also lists the directory of the versions, with a slash at the end.
    if (!/^[\w.+-]+(?:\/[\w.+-]+)*$/.test(name)) continue;
    const kind = name.split('/')[0]?.toLowerCase() ?? name;
    const isDefault = /\((?:default|D)\)$/i.test(word);
    if (chosen.get(kind)?.isDefault !== true || isDefault) chosen.set(kind, { name, isDefault });
  }
  return [...chosen.values()].map(({ name }) => name);
}

export function moduleFor(what: 'python' | 'containers', { modules }: ShellFacts): string | undefined {
  const kinds = what === 'python' ? /^(?:python|miniforge|miniconda|anaconda)/i : /^(?:apptainer|singularity)/i;
  return modules.find((name) => kinds.test(name));
}

/** Network file systems, as GNU stat names them. */
const SHARED = /^(?:nfs\d?|lustre|gpfs|beegfs|ceph|panfs|pvfs2?|wekafs|orangefs|afs|smb2?|cifs|gfs|ocfs2)/i;

/** Whether nodes probably share the home directory. */
export function isHomeShared({ homeFileSystem }: ShellFacts): boolean {
  return homeFileSystem !== undefined && SHARED.test(homeFileSystem);
}
