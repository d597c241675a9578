// The client of the ClearML server that the configuration names.
import { systemClock } from '../base/clock.ts';
import type { ClearmlClient } from '../clearml/client.ts';
import { createClearmlClient } from '../clearml/create-client.ts';
import type { Patience } from '../clearml/settings.ts';
import { connectionOf } from '../config/connection.ts';
import type { Base } from './read-base.ts';

/** Nothing has been said to the server yet. */
export function makeClearml({ config, log, secrets }: Base, patience?: Partial<Patience>): ClearmlClient {
  return createClearmlClient({ settings: connectionOf(config), clock: systemClock, log, secrets, patience });
}
