// Templates for the end-to-end tests.

/** A template for quick tests: the agent runs tasks with its own Python, so that nothing has to be installed. */
export const QUICK_TEMPLATE = `#!/bin/bash
#SBATCH --job-name=clearml_task_\${CLEARML_TASK.id}
#SBATCH --nodes=\${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}
#SBATCH --ntasks-per-node=1
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:00:10:00}
#SBATCH --partition=\${CLEARML_TASK.hyperparams.properties.partition.value:debug}
#SBATCH --mem=\${CLEARML_TASK.hyperparams.properties.memory.value:100M}
export CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1
export CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1
\${CLEARML_PRE_SETUP}
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;
