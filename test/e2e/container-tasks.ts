// Templates and scripts of the tasks in the container tests.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { READER } from '../support/registry.ts';

/** As ClearML's Deployment page has it. */
export const DOCUMENTED = readFileSync(new URL('../fixtures/templates/singularity.template', import.meta.url), 'utf8');

/** The same with limits, and with what a lab's shells may bring along. */
export const LIMITED = DOCUMENTED.replace(
  '\n${CLEARML_PRE_SETUP}',
  (preSetup) => `#SBATCH --mem=300M
#SBATCH --gres=gpu:1
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:10}
export PYTHONPATH=/nowhere VIRTUAL_ENV=/nowhere CONDA_PREFIX=/nowhere BASH_ENV=/nowhere LD_PRELOAD=libm.so.6
export SSH_AUTH_SOCK=$SLURM_SUBMIT_DIR/agent.sock APPTAINER_MESSAGELEVEL=2
module() { :; }
export -f module
${preSetup}`,
);

/** A value that shells and Apptainer trip over. */
export const HOSTILE = `it's "a" $(touch /tmp/pwned) \`id\` $HOME,B=c \\\\n%5C #\\`;

/** Prints what a task sees of its image and of its node. */
export const PRINTS_ENVIRONMENT = `import os, socket
config = os.path.expanduser("~/.ssh/config")
print("image", sorted(os.listdir("/usr/bin"))[:2], os.environ["CLEARML_DOCKER_IMAGE"], "as", os.getuid())
print("variables", os.environ["A"], os.environ["FROM_SCRIPT"])
print("GPUs", os.environ["CUDA_VISIBLE_DEVICES"])
leaks = ["VIRTUAL_ENV", "CONDA_PREFIX", "BASH_ENV", "LD_PRELOAD", "BASH_FUNC_module%%"]
print("leaked", [name for name in leaks if name in os.environ], "/nowhere" in os.environ["PYTHONPATH"])
with socket.socket(socket.AF_UNIX) as agent: print("ssh-agent", agent.connect(os.environ["SSH_AUTH_SOCK"]))
try: print("wrote", open(config, "a"))
except OSError as error: print(open(config).read(), "can be read only:", error.strerror)
`;

/** What the page of registries says to do once, as the user of the jobs; then an image is put there from a file. */
export function loginAndPush(home: string, registry: string, file: string): string {
  const { user, password } = READER;
  return `export HOME=${home}
echo '${password}' | apptainer registry login --username ${user} --password-stdin oras://${registry} &&
apptainer push ${file} oras://${registry}/lab/artifact:1.0`;
}

/** Images that fail in the job, and the console messages. */
export const NOT_TO_BE_HAD = [
  {
    what: 'a missing image file',
    container: { image: '/no/such.sif' },
    words: [JOB_EXIT_CODES.containerNotStarted.meaning, 'lstat /no: no such file'],
  },
  {
    what: 'an image of a library without a library client',
    container: { image: 'library://lab/tool:1.0' },
    words: [JOB_EXIT_CODES.imageNotPulled.meaning, 'remote has no library client'],
  },
] as const;

/** Containers that fail before a job is submitted, and the console messages. */
export const REFUSED = [
  {
    what: 'an image name that is an option',
    container: { image: '--writable' },
    words: 'is not the name of an image',
  },
  { what: 'an image of a closed hub', container: { image: 'shub://lab/tool' }, words: 'which has closed' },
  {
    what: 'a forbidden container argument',
    container: { arguments: '--security=x' },
    words: 'is not allowed',
  },
  { what: 'a forbidden mount', container: { arguments: '-v /etc:/x' }, words: 'may not be mounted' },
] as const;

export async function writeScript(path: string, line: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
}

/** Lines of contentsOf that Apptainer and the agent add to a home directory. */
export const CACHES = /\/(?:\.apptainer|\.clearml|\.clearml\/[\w-]+-cache) /;
