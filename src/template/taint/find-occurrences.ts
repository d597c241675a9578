// Every blank of a script with what is known of it: the place it stands in, and where its value is evaluated later.
import type { LexedScript, Reach, Site } from '../shell/lexed-script.ts';
import { placeSites } from '../shell/re-evaluated.ts';
import type { TemplateSource } from '../source.ts';
import { reachesOf } from './reaches.ts';

export interface FoundSites {
  /** In the order of the text. */
  readonly sites: readonly Site[];
  /** Where a value may come to, but nobody can be sure: what a program or a check makes of it is not known. */
  readonly doubts: readonly Reach[];
}

export function findSites(source: TemplateSource, script: LexedScript): FoundSites {
  const reaches = reachesOf(source, script);
  const sites = placeSites(script, source.text).map((site): Site => {
    const own = reaches.filter(({ blank, isCertain }) => isCertain && blank.start === site.blank.start);
    const direct = own.find(({ isDirect, need }) => isDirect === true && need === 'plain word');
    if (direct !== undefined && site.place.kind !== 'number' && site.place.kind !== 'read again')
      return { ...site, place: { kind: 'read again', by: direct.by } };
    return own.length === 0 ? site : { ...site, reaches: own };
  });
  const doubts = reaches.filter(
    ({ blank, isCertain, need }) =>
      !isCertain &&
      !sites.some(
        (site) => site.blank.start === blank.start && site.reaches?.some((one) => one.need === need) === true,
      ),
  );
  return { sites, doubts };
}

/** What lint and the daemon's start say of a doubt, as one sentence. */
export function doubtSentence({ blank, by, variable, line }: Reach): string {
  return `The value of ${blank.variable} may come through ${variable} to ${by} in line ${line}, which evaluates it.`;
}
