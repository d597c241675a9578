// Stops the daemon of this state folder, and waits until it has ended. Its jobs go on.
import { commonOptions } from '../setting-options.ts';
import { systemClock } from '../../base/clock.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { describeOthers, findDaemons, isHolding } from '../../daemon/serve/running-daemons.ts';
import { tellResult } from '../tell-result.ts';

/** A daemon ends within five seconds; a machine may be slow. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Returns `ok` also when there is none to stop. @throws ConfigError, UsageError */
export async function stop(typed: Typed, context: CommandContext): Promise<number> {
  const daemons = await findDaemons(commonOptions(typed), context);
  context.stderr(describeOthers(daemons, 'stop'));
  let code: number = daemons.elsewhere.length > 0 ? EXIT.failed : EXIT.ok;
  for (const daemon of daemons.here) {
    process.kill(daemon.pid, 'SIGTERM');
    const deadline = systemClock.now() + PATIENCE_MS;
    while ((await isHolding(daemon, daemons.stateDirs, context)) && systemClock.now() < deadline)
      await systemClock.sleep(LOOK_EVERY_MS);
    if (await isHolding(daemon, daemons.stateDirs, context)) {
      context.stderr(
        `Process ${daemon.pid} was told to stop, but has not ended within ${PATIENCE_MS / 1000} s. Wait, or end it with kill -KILL ${daemon.pid}: nothing is lost by that.\n`,
      );
      code = EXIT.tryAgain;
    } else
      tellResult(
        context,
        `Stopped: process ${daemon.pid} has ended. Its jobs go on, and are followed once it is started again.\n`,
      );
  }
  return code;
}
