// The template of a chaos run and the programs of its tasks, which write traces.
import type { NewTask } from '../support/clearml-user.ts';
import type { Nature, PlannedTask } from './schedule.ts';

/**
 * A template that records each start of its job before anything else runs. A killed controller gives a job id to a job of another user,
 * who cannot write the log of the first.
 * @param configure the commands that set the job's `clearml.conf`
 */
export function tracingTemplate(traceFile: string, configure: string, jobsFolder: string): string {
  return `#!/bin/bash
#SBATCH --job-name=clearml_task_\${CLEARML_TASK.id}
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:00:10:00}
#SBATCH --mem=100M
#SBATCH --chdir=${jobsFolder}
#SBATCH --output=slurm-%u-%j.out
#SBATCH --requeue
printf '{"at":%s,"what":"job starts","task":"%s","job":"%s","restarts":%s,"node":"%s","user":"%s"}\\n' "$(date +%s%3N)" \\
  \${CLEARML_TASK.id} "$SLURM_JOB_ID" "\${SLURM_RESTART_COUNT:-0}" "$SLURMD_NODENAME" "$(id -un)" >>${traceFile}
${configure}
export CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1
export CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1
\${CLEARML_PRE_SETUP}
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;
}

const OWN_FAILURE = 3;

/** The program records its start, a sign of life every quarter of a second, and its end. */
function tracingProgram(traceFile: string, workMs: number, exitCode: number): string {
  return `import json, os, sys, time

file = os.open(${JSON.stringify(traceFile)}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def trace(what, **more):
    facts = {"at": int(time.time() * 1000), "what": what, "task": os.environ.get("CLEARML_TASK_ID", ""),
             "job": os.environ.get("SLURM_JOB_ID", ""), "restarts": int(os.environ.get("SLURM_RESTART_COUNT") or 0),
             "node": os.environ.get("SLURMD_NODENAME", ""), "pid": os.getpid()}
    os.write(file, (json.dumps({**facts, **more}) + "\\n").encode())

trace("run begins")
until = time.monotonic() + ${workMs / 1000}
beats = 0
while time.monotonic() < until:
    time.sleep(0.25)
    trace("run lives")
    beats += 1
    if beats % 4 == 0:
        print("working for", beats // 4, "s", flush=True)
trace("run ends", code=${exitCode})
sys.exit(${exitCode})
`;
}

export function taskFor({ nature, workMs }: PlannedTask, traceFile: string): NewTask {
  const code = tracingProgram(traceFile, workMs, nature === 'fails by itself' ? OWN_FAILURE : 0);
  return { name: `chaos: ${nature}`, code, properties: PROPERTIES[nature] ?? {} };
}

const PROPERTIES: Readonly<Partial<Record<Nature, Readonly<Record<string, string>>>>> = {
  // A line break would add a second directive, so such a value cannot be rendered.
  'does not fit the template': { walltime: '00:10:00\n#SBATCH --uid=0' },
  'has too little time': { walltime: '1' },
};
