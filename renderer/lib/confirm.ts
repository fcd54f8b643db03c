/** Asks the person before something is done; anything but the button that does it means no. */
import { create } from 'zustand';

export interface Question {
  /** "Delete this capture?" */
  readonly title: string;
  /** What will happen, to what, and for how long. */
  readonly body: string;
  /** What the button says: "Delete it". */
  readonly action: string;
  readonly isDangerous?: boolean;
}

interface Asked extends Question {
  readonly answer: (isConfirmed: boolean) => void;
}

export const useQuestion = create<{ readonly asked: Asked | null }>(() => ({ asked: null }));

export function confirm(question: Question): Promise<boolean> {
  // A question that was not answered is answered with no.
  useQuestion.getState().asked?.answer(false);
  return new Promise((resolve) => {
    useQuestion.setState({
      asked: {
        ...question,
        answer: (isConfirmed) => {
          useQuestion.setState({ asked: null });
          resolve(isConfirmed);
        },
      },
    });
  });
}
