print("votebench")
