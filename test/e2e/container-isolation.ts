// What a task in a container sees of its node and may change there.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ContainerTestBed } from './container-test-bed.ts';
import { prepareHostileRuns } from './hostile-containers.ts';

/** A value with everything that shells and Apptainer interpret. */
const HOSTILE = `it's "a" $(touch /tmp/pwned) \`id\` $HOME,B=c \\\\n%5C #\\`;

const PRINTS_ENVIRONMENT = `import os, socket
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

/** Lines of contentsOf that Apptainer and the agent add to a home directory. */
const CACHES = /\/(?:\.apptainer|\.clearml|\.clearml\/[\w-]+-cache) /;

export async function enqueueIsolationTasks({ enqueue, image }: ContainerTestBed): Promise<void> {
  await enqueue('environment', PRINTS_ENVIRONMENT, {
    queue: 'limited',
    container: {
      image,
      arguments: `-e 'A=${HOSTILE.replaceAll("'", `'"'"'`)}' --ipc=host`,
      setup_shell_script: String.raw`name='4\\2'; export FROM_SCRIPT=$name`,
    },
  });
}

export function defineIsolationTests(testBed: () => ContainerTestBed): void {
  it('gets no environment variable of the node, and cannot write to ~/.ssh', async () => {
    const { world, taskOf, logOf, image, account } = testBed();
    const task = taskOf('environment');
    await world.untilStatus(task, 'completed');
    for (const line of [
      `image ['bash', 'cat'] ${image} as ${account.uid}`,
      String.raw`variables ${HOSTILE} 4\\2`,
      'leaked [] False',
      'ssh-agent None',
      'Host lab can be read only: Read-only file system',
    ])
      await world.untilConsole(task, `\n${line}\n`);
    // Slurm chooses one of four.
    await world.untilConsole(task, /\nGPUs \d\n/);
    await world.untilConsole(task, 'The container argument --ipc is ignored: ');
    // Apptainer's only message about --nv on a node without a driver, at the level that the template sets.
    expect(await logOf('environment')).to.include('persistenced socket /var/run/nvidia-persistenced/socket not found');
  });

  it('receives hostile names of directories, variables and images unchanged', async () => {
    const { folder, image, cluster } = testBed();
    const hostile = join(folder, 'hostile');
    const { script, expected } = await prepareHostileRuns(hostile, image, 60);
    await writeFile(join(hostile, 'script'), script);
    const output = await cluster.run('srun', '--quiet', `--chdir=${hostile}`, 'bash', 'script');
    expect(output.split('\0').slice(0, -1)).to.deep.equal(expected);
    expect(expected).not.to.have.length(0);
    expect(await readdir(hostile)).not.to.include('pwned');
  });

  it('leaves its image and the home directory unchanged, except for the caches', async () => {
    const { contents, initialContents } = testBed();
    const now = await contents();
    const changed = [...now, ...initialContents].filter(
      (line) => !now.includes(line) || !initialContents.includes(line),
    );
    expect(changed.filter((line) => !CACHES.test(line))).to.deep.equal([]);
  });
}
