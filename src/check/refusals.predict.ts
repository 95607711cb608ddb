// For simdprop/predict, which adds no ways out to errors: nothing is remembered.

export const refused = <E extends Error>(error: E): E => error;

export const takeRefusal = (): undefined => undefined;
