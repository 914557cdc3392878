print("votingd")
