package pack

// RaceEnabled tells the tests from outside whether the race detector makes them slow.
const RaceEnabled = raceEnabled
