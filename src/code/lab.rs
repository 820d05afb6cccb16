//! CF-901n: the lab.

super::codes! {
    SCENARIO_UNKNOWN = 9010, NotMade, "the lab has no scenario of this name",
        "A scenario is one file of the program, and its name is that of the file.",
        "take a name from `counterfoil lab list`";
    SCENARIO_DIFFERS = 9011, Failed, "a scenario went otherwise than it says",
        "A scenario builds an attack and checks it: what it expects of both verifiers stands in its file.",
        "report it with the version of the program: a check is missing, or the scenario is wrong";
    STRATEGY_QUESTION = 9012, NotMade, "the figures of a strategy do not fit together",
        "A venue cannot leave out more than it owes, and a simulation has limits so that it ends.",
        "correct the figure that the message names";
    ATTACKS_TABLE = 9013, NotMade, "the table of attacks cannot be read",
        "It is part of the program: which attack is met by which check.",
        "report it with the version of the program";
}
