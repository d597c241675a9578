// What init asks the login node's shell, as a script, and how its answer is read. Pure.

/** What there is for somebody whose shell this is. */
export interface ShellFacts {
  /** Such as `3.11`; undefined where there is none. */
  readonly python: string | undefined;
  /** What runs containers of images, as it is called there. */
  readonly containers: 'apptainer' | 'singularity' | undefined;
  readonly home: string;
  /** The kind of file system that the home folder is on, as stat(1) calls it. */
  readonly homeFileSystem: string | undefined;
  readonly hasModules: boolean;
  /** Those of `module avail` that bring Python or a program for containers, each the version that its site made the default. */
  readonly modules: readonly string[];
  /** Of the variables that lead through a proxy, to a package index or to certificates: those that are set, without their values. */
  readonly networkVariables: readonly string[];
}

/** What programs in a job look at on their way out of the cluster: curl, git, Python's requests and pip. */
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

/** Every fact is a line `init:KEY=value`, so that a talkative login profile does no harm; an empty value says that it is not there. */
export const SHELL_PROBE_SCRIPT = `tell() { printf 'init:%s=%s\\n' "$1" "$(printf %s "$2" | tr '\\n\\r' '  ')"; }
tell python "$(python3 -I -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
for one in singularity apptainer; do command -v "$one" >/dev/null 2>&1 && tell containers "$one"; done
tell home "$HOME"
tell homefs "$(stat -f -c %T "$HOME" 2>/dev/null)"
tell network "$(for one in ${NETWORK_VARIABLES.join(' ')}; do [ -z "\${!one}" ] || echo "$one"; done)"
if type module >/dev/null 2>&1; then
    tell hasmodules yes
    tell modules "$(module -t avail 2>&1 | grep -iE '^(python|anaconda|miniconda|miniforge|apptainer|singularity)')"
fi
printf 'init:end=\\n'
`;

/** undefined where the script did not come to its end. */
export function parseShellFacts(text: string): ShellFacts | undefined {
  const told = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^init:(\w+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) told.set(key, value.trim());
  }
  if (!told.has('end')) return undefined;
  const filled = (key: string): string | undefined => {
    const value = told.get(key);
    return value === '' ? undefined : value;
  };
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

/** Of each module the version that is marked as the default, else the last one: both Lmod and Environment Modules sort them. */
function usualModules(shown: readonly string[]): string[] {
  const chosen = new Map<string, { readonly name: string; readonly isDefault: boolean }>();
  for (const word of shown) {
    const name = word.replace(/\(.*\)$/, '');
    // Only what can stand in a script as it is; Lmod also shows the folder of the versions, with a slash behind it.
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

/** File systems that several machines share, as GNU stat knows them. */
const SHARED = /^(?:nfs\d?|lustre|gpfs|beegfs|ceph|panfs|pvfs2?|wekafs|orangefs|afs|smb2?|cifs|gfs|ocfs2)/i;

/** Whether nodes may well see the home folder too. */
export function isHomeShared({ homeFileSystem }: ShellFacts): boolean {
  return homeFileSystem !== undefined && SHARED.test(homeFileSystem);
}
