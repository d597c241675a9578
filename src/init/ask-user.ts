// How a question of init is put to a person: what may be answered, the usual answer in brackets, and again when it was none.
import { nearestName } from '../base/nearest.ts';
import type { Ask, Question } from './choices.ts';

const USUAL: Ask = ({ usual }) => Promise.resolve(usual);

/** @param put shows a text and resolves with the line that is typed; undefined where nobody is there: then the usual is taken */
export function askUser(put: ((text: string) => Promise<string>) | undefined): Ask {
  if (put === undefined) return USUAL;
  return async (question) => {
    let sentence = '';
    for (;;) {
      const line = await put(`${sentence}${formatQuestion(question)}`);
      const answer = line === '' ? question.usual : line;
      if (question.answers?.includes(answer) ?? true) return answer;
      const nearest = nearestName(answer, question.answers ?? []);
      sentence = `"${answer}" is none of them.${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}\n`;
    }
  };
}

function formatQuestion({ asks, answers, usual }: Question): string {
  const choice = answers === undefined ? '' : `one of ${answers.join(', ')} `;
  return `${asks}\n  ${choice}[${usual}] `;
}
