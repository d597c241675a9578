// What the tasks of the tests in containers are: templates, as documented and as a lab may have it, and a look at the surroundings.
import { readFileSync } from 'node:fs';

/** As ClearML's Deployment page has it. */
export const DOCUMENTED = readFileSync(new URL('../fixtures/templates/singularity.template', import.meta.url), 'utf8');

/** The same with limits, and with what a lab's shells may bring along. */
export const LIMITED = DOCUMENTED.replace(
  '\n${CLEARML_PRE_SETUP}',
  (preSetup) => `#SBATCH --mem=300M
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:10}
export PYTHONPATH=/nowhere VIRTUAL_ENV=/nowhere CONDA_PREFIX=/nowhere BASH_ENV=/nowhere LD_PRELOAD=libm.so.6
export SSH_AUTH_SOCK=$SLURM_SUBMIT_DIR/agent.sock
module() { :; }
export -f module
${preSetup}`,
);

/** A value that shells and Apptainer trip over. */
export const HOSTILE = `it's "a" $(touch /tmp/pwned) \`id\` $HOME,B=c \\\\n%5C #\\`;

/** Prints what a task sees of its image and of its node. */
export const LOOKS_AROUND = `import os, socket
config = os.path.expanduser("~/.ssh/config")
print("image", sorted(os.listdir("/usr/bin"))[:2], os.environ["CLEARML_DOCKER_IMAGE"], "as", os.getuid())
print("variables", os.environ["A"], os.environ["FROM_SCRIPT"])
leaks = ["VIRTUAL_ENV", "CONDA_PREFIX", "BASH_ENV", "LD_PRELOAD", "BASH_FUNC_module%%"]
print("leaked", [name for name in leaks if name in os.environ], "/nowhere" in os.environ["PYTHONPATH"])
with socket.socket(socket.AF_UNIX) as agent: print("ssh-agent", agent.connect(os.environ["SSH_AUTH_SOCK"]))
try: print("wrote", open(config, "a"))
except OSError as error: print(open(config).read(), "can be read only:", error.strerror)
`;
