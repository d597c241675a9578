// The commands of the program.
import type { Command } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { cancelCommand } from './commands/cancel.ts';
import { completionOf } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { daemonCommand } from './commands/daemon.ts';
import { demoCommand } from './commands/demo.ts';
import { drainCommand } from './commands/drain.ts';
import { doctorCommand } from './commands/doctor.ts';
import { executeCommand } from './commands/execute.ts';
import { initCommand } from './commands/init.ts';
import { lintCommand } from './commands/lint.ts';
import { logsCommand } from './commands/logs.ts';
import { pauseCommand } from './commands/pause.ts';
import { propertiesCommand } from './commands/properties.ts';
import { renderCommand } from './commands/render.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { sandboxCommand } from './commands/sandbox.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { sudoersCommand } from './commands/sudoers.ts';
import { unitCommand } from './commands/unit.ts';
import { varsCommand } from './commands/vars.ts';
import { webCommand } from './commands/web.ts';

export const COMMANDS: readonly Command[] = [
  daemonCommand,
  executeCommand,
  cancelCommand,
  renderCommand,
  lintCommand,
  doctorCommand,
  initCommand,
  varsCommand,
  propertiesCommand,
  configCommand,
  statusCommand,
  logsCommand,
  auditCommand,
  reportCommand,
  webCommand,
  pauseCommand,
  resumeCommand,
  drainCommand,
  stopCommand,
  unitCommand,
  sudoersCommand,
  sandboxCommand,
  demoCommand,
  completionOf(() => COMMANDS),
];
