// Installs Slurm for the demo, as root, and only if the user agrees at a terminal or with --install.
import { hostname } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { installDebianPackages, missingDebianPackages, whyNotInstallable } from '../../test/set-up/debian-packages.mjs';
import { ensureHostName, isHostNameKnown } from '../../test/set-up/host-name.mjs';
import { clearPending } from './screen.mjs';

/** The command that permits it in advance. */
const INSTALL_COMMAND = 'npm run demo -- --install';

export interface Installer {
  /** Returns a phrase that names what is still missing; undefined if the programs exist and the machine's name has an address. */
  install(programs: readonly string[]): Promise<string | undefined>;
}

interface Circumstances {
  /** `--install` was given. */
  readonly isAsked: boolean;
  readonly isCi: boolean;
  /** Asks the user; undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/** Pure. */
function mayInstall({ isAsked, isCi, ask }: Circumstances): 'yes' | 'ask' | 'no' {
  if (isAsked || isCi) return 'yes';
  return ask === undefined ? 'no' : 'ask';
}

/** The question names each package, and that it stays. Pure. */
function installQuestion(packages: readonly string[], newHostName: string | undefined): string[] {
  const wanted = ['A real Slurm needs these Debian packages, which apt-get can install:', `  ${packages.join(' ')}`];
  return [
    ...(packages.length === 0 ? [] : wanted),
    ...(newHostName === undefined ? [] : [`It needs the line "127.0.0.1 ${newHostName}" in /etc/hosts.`]),
    'They stay installed after the demo; no service is started.',
    'Without them, the demo uses a stand-in.',
  ];
}

/** Reads and changes this machine. */
export interface System {
  missingPackages(programs: readonly string[]): Promise<readonly string[]>;
  isHostNameKnown(): Promise<boolean>;
  whyNotInstallable(): string | undefined;
  install(programs: readonly string[]): Promise<{ readonly missing: readonly string[] }>;
}

const THIS_SYSTEM: System = {
  missingPackages: missingDebianPackages,
  isHostNameKnown,
  whyNotInstallable,
  async install(programs) {
    const packages = await installDebianPackages(programs);
    return packages.missing.length > 0 || programs.length === 0 ? packages : ensureHostName();
  },
};

/** Asks at most once. */
export function createInstaller(here: Circumstances, system: System = THIS_SYSTEM): Installer {
  let permission = mayInstall(here);

  async function isAllowed(packages: readonly string[], newHostName: string | undefined): Promise<boolean> {
    if (permission === 'ask' && here.ask !== undefined) {
      clearPending();
      const lines = [...installQuestion(packages, newHostName), 'Install them? [y/N] '];
      const answer = await here.ask(lines.map((line) => `  ${line}`).join('\n'));
      permission = /^y(es)?$/i.test(answer.trim()) ? 'yes' : 'no';
    }
    return permission === 'yes';
  }

  return {
    async install(programs) {
      const packages = await system.missingPackages(programs);
      // Slurm's daemons resolve the name of the machine.
      const isNameNeeded = programs.length > 0 && !(await system.isHostNameKnown());
      const newHostName = isNameNeeded ? (hostname().split('.')[0] ?? '') : undefined;
      if (packages.length === 0 && newHostName === undefined) return undefined;
      const lacks = [
        ...packages.map((name) => `no ${name}`),
        ...(newHostName === undefined ? [] : [`no address for its name, ${newHostName}`]),
      ];
      const obstacle = system.whyNotInstallable();
      if (obstacle !== undefined) return `this machine has ${lacks.join(', ')}, and ${obstacle}`;
      if (!(await isAllowed(packages, newHostName)))
        return `this machine has ${lacks.join(', ')}; to install them, run ${INSTALL_COMMAND}`;
      return (await system.install(programs)).missing[0];
    },
  };
}

/** Undefined without a terminal. */
export function askAtTerminal(stop: AbortSignal): Circumstances['ask'] {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    // Ctrl-C must reach the demo, and the end of input is no consent.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    try {
      return await Promise.race([lines.question(question, { signal: stop }), closed]);
    } catch (error) {
      stop.throwIfAborted();
      throw error;
    } finally {
      lines.close();
    }
  };
}
