// The input of the rendering benchmarks: a template with a typical number of placeholders, and a task that fills them.

export const TYPICAL_TEMPLATE = `#!/bin/bash
#SBATCH --job-name=clearml_task_\${CLEARML_TASK.id}
#SBATCH --nodes=\${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=\${CLEARML_TASK.hyperparams.properties.cpus.value:4}
#SBATCH --mem=\${CLEARML_TASK.hyperparams.properties.memory.value:100M}
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:01:00:00}
#SBATCH --output=/dev/null

\${CLEARML_PRE_SETUP}

export NCCL_DEBUG=INFO
echo "task \${CLEARML_TASK.name} of project \${CLEARML_PROJECT_NAME:none} from queue \${CLEARML_QUEUE_NAME}"
mkdir -p "$TMPDIR/\${CLEARML_TASK.id}"

\${CLEARML_AGENT_EXECUTE}

\${CLEARML_POST_SETUP}
`;

/** The same, for held jobs: none runs, however many there are. */
export const HELD_TEMPLATE = TYPICAL_TEMPLATE.replace('#SBATCH --output', '#SBATCH --hold\n#SBATCH --output');

/** As `tasks.get_by_id` returns it. */
export const TYPICAL_TASK = {
  id: '0123456789abcdef0123456789abcdef',
  name: 'resnet50, seed 17',
  user: 'fedcba9876543210fedcba9876543210',
  company: 'd1bd92a3b039400cbafc60a7a5b1e52b',
  type: 'training',
  status: 'queued',
  created: '2026-01-01T12:00:00.000000+00:00',
  last_update: '2026-01-01T12:00:00.000000+00:00',
  project: '00112233445566778899aabbccddeeff',
  execution: { queue: 'ffeeddccbbaa99887766554433221100', parameters: {} },
  script: {
    binary: 'python3',
    repository: 'https://git.example.org/vision/training.git',
    branch: 'main',
    working_dir: '.',
    entry_point: 'train.py',
    diff: '',
    requirements: { pip: 'torch == 2.7.1\nclearml == 2.1.12\n' },
  },
  container: { image: '', arguments: '', setup_shell_script: '' },
  hyperparams: {
    properties: Object.fromEntries(
      Object.entries({ num_nodes: '2', cpus: '8', memory: '200M', walltime: '00:30:00' }).map(([name, value]) => [
        name,
        { section: 'properties', name, value },
      ]),
    ),
    Args: Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => `option_${index}`).map((name) => [
        name,
        { section: 'Args', name, value: '0.001', type: 'float' },
      ]),
    ),
  },
  tags: ['nightly'],
  system_tags: [],
} as const;
