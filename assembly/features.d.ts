/** Defined only while the build for teams of processes is compiled: see asconfig.json. */
declare const TEAM_OF_PROCESSES: i32;
/** Defined only while the build that only predicts is compiled. */
declare const SMALL: i32;
